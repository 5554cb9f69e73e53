/**
 * The socket under every connection: TCP or TLS, without Nagle's delay, kept alive.
 *
 * @module
 */
import net from "node:net";
import tls from "node:tls";
import type { SocketFactory } from "./kafkajs_internals.ts";

const KEEP_ALIVE_MS = 60_000;

/** Opens the socket of a connection. With `ssl`, its `ca` (PEM) is trusted in place of the system's. */
export const openSocket: SocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl === null
    ? net.connect({ host, port, noDelay: true }, onConnect)
    : tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};
