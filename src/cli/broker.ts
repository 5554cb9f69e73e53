/**
 * `parley broker`: the embedded broker alone.
 *
 * @module
 */
import { Command, Option } from "commander";
import { untilAborted } from "../base/stop.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { EmbeddedBroker } from "./embedded.ts";
import type { Io } from "./io.ts";

interface BrokerFlags {
  readonly memory?: boolean;
  readonly fsync?: boolean;
  readonly json?: boolean;
}

/** See the module. */
export function brokerCommand(context: Context): Command {
  const command = new Command("broker")
    .description("Serve Kafka's protocol on loopback, durably; prints one line when it is ready.")
    .addOption(new Option("--memory", "keep nothing on disk").conflicts("data"))
    .option("--fsync", "acknowledge only what survives a power cut")
    .option("--json", "the ready line as JSON")
    .action(async (flags: BrokerFlags) => context.end(await serve(context.io, command, flags)));
  return addSettings(command, ["PARLEY_LISTEN", "PARLEY_DATA"]);
}

async function serve({ stdout, stderr, signal }: Io, command: Command, flags: BrokerFlags): Promise<number> {
  const { listen, dataFolder } = configOf(command, "parley-broker");
  const { memory = false, fsync = false, json = false } = flags;
  const tell = (text: string) => stderr.write(`parley: ${text}\n`);
  await using broker = new EmbeddedBroker({ listen, fsync, ...(memory ? {} : { data: dataFolder }) }, tell);
  const data = memory ? null : dataFolder;
  const stopped = untilAborted(new Promise<never>(() => {}), signal);
  stopped.catch(() => {});
  for (let isFirst = true;; isFirst = false) {
    const attempt = await Promise.race([broker.attempt, stopped]).catch(() => undefined);
    if (attempt === undefined) return EXIT.ok;
    if (attempt.type === "failed") {
      tell(attempt.message);
      return EXIT.failed;
    }
    const { address, clusterId } = attempt;
    if (!isFirst) tell(`The broker serves ${address} again`);
    else if (json) stdout.write(`${JSON.stringify({ address, clusterId, data })}\n`);
    else stdout.write(`ready on ${address}, ${data === null ? "nothing on disk" : `data in ${data}`}\n`);
  }
}
