/**
 * Where a run begins and ends: the only module that takes signals and exits.
 *
 * @module
 */
import { prepareWorker } from "./base/prepared_worker.ts";
import { processIo } from "./cli/io.ts";
import { WORKERS } from "./workers.ts";

/** Signals that ask a program to end; Windows knows fewer. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Ctrl-C comes twice where a task runner passes on what the terminal has sent already: that is one wish. */
const ECHO_MS = 500;

const stop = new AbortController();
const askedAtMs = new Map<Deno.Signal, number>();
for (const signal of SIGNALS) {
  Deno.addSignalListener(signal, () => {
    const nowMs = performance.now();
    if (nowMs - (askedAtMs.get(signal) ?? -Infinity) < ECHO_MS) return;
    askedAtMs.set(signal, nowMs);
    // Who asks twice does not want to wait.
    if (stop.signal.aborted) Deno.exit(1);
    stop.abort(new Error(`Stopped by ${signal}`));
  });
}
const io = processIo(stop.signal, (fault) => stop.abort(fault));
// It takes longer to load than all that is to be found out before it is told to start.
if (Deno.args[0] === "broker") prepareWorker(WORKERS.broker, "broker");
const { run } = await import("./cli/program.ts");
Deno.exit(await run(Deno.args, io));
