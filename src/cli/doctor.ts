/**
 * `parley doctor`: tells what a run would go by, and whether it would work. Starts nothing.
 *
 * @module
 */
import { Command } from "commander";
import { describeError } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import { addressText, type Config } from "../config.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import type { Io } from "./io.ts";
import { VERSION } from "./version.ts";

const CLIENT_ID = "parley-doctor";

/** See the module. */
export function doctorCommand({ io, end }: Context): Command {
  const command = new Command("doctor")
    .description("Tell what a run would go by, and whether it would work; starts nothing.")
    .action(async () => end(await examine(io, configOf(command, CLIENT_ID))));
  return addSettings(command);
}

async function examine({ stdout, signal }: Io, config: Config): Promise<number> {
  const tell = (what: string, text: string) => stdout.write(`${what.padEnd(10)}${text}\n`);
  tell("parley", `${VERSION}, Deno ${Deno.version.deno}, ${Deno.build.target}`);
  try {
    if (config.kafka === undefined) await untilAborted(examineEmbedded(config, tell), signal);
    else await untilAborted(examineKafka(config.kafka, tell, signal), signal);
    return EXIT.ok;
  } catch (error) {
    tell("fault", describeError(error));
    return EXIT.failed;
  }
}

async function examineEmbedded(config: Config, tell: (what: string, text: string) => void): Promise<void> {
  const { dataFolder, listen } = config;
  const { clusterIdOf } = await import("../broker/state/data_folder.ts");
  const clusterId = clusterIdOf(dataFolder);
  tell("data", `${dataFolder}, ${clusterId === undefined ? "nothing there yet" : `cluster ${clusterId}`}`);
  const { probe } = await import("./probe.ts");
  using presence = await probe(listen);
  const address = addressText(listen);
  if (presence === undefined) {
    return tell("kafka", `none is named, and none is at ${address}: a run would serve it`);
  }
  const found = await presence.clusterId();
  tell(
    "kafka",
    `${address}, cluster ${found}, ${found === clusterId ? "with these data" : "with data of its own"}`,
  );
}

async function examineKafka(
  settings: KafkaSettings,
  tell: (what: string, text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { securityProtocol, sasl, ca } = settings;
  const as = sasl === undefined ? "" : `, ${sasl.mechanism} as ${sasl.username}`;
  tell("settings", `${securityProtocol}${as}${ca === undefined ? "" : ", with a CA of its own"}`);
  const { Admin } = await import("../kafka/admin.ts");
  const startedAtMs = performance.now();
  await using admin = await Admin.connect({ ...settings, clientId: CLIENT_ID }, signal);
  const { clusterId, brokers } = await admin.describeCluster();
  const topics = await admin.listTopics();
  const tookMs = Math.round(performance.now() - startedAtMs);
  tell("kafka", `${settings.bootstrapServers.join(",")}, cluster ${clusterId}, answered within ${tookMs} ms`);
  tell(
    "brokers",
    brokers.map(({ nodeId, host, port }) => `${nodeId} at ${addressText({ hostname: host, port })}`).join(
      ", ",
    ),
  );
  tell("topics", String(topics.length));
}
