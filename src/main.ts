/**
 * Where a run begins and ends: the only module that takes signals and exits.
 *
 * @module
 */
import { OutputClosedError, processIo } from "./cli/io.ts";
import { run } from "./cli/program.ts";

/** Signals that ask a program to end; Windows knows fewer. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

const stop = new AbortController();
for (const signal of SIGNALS) {
  Deno.addSignalListener(signal, () => {
    // Who asks twice does not want to wait.
    if (stop.signal.aborted) Deno.exit(1);
    stop.abort(new Error(`Stopped by ${signal}`));
  });
}
const io = processIo(stop.signal, () => stop.abort(new OutputClosedError()));
Deno.exit(await run(Deno.args, io));
