"""Runs a command at a terminal of its own: what is read from stdin is typed, what the terminal is sent is written to
stdout. Usage: at_terminal.py COLUMNS ROWS COMMAND [ARGUMENT ...]"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)

# Who ends the helper ends the command.
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
sources = [0, terminal]
while True:
    readable, _, _ = select.select(sources, [], [])
    if 0 in readable:
        typed = os.read(0, 65536)
        if typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
    if terminal in readable:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            shown = b""
        if not shown:
            break
        os.write(1, shown)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
