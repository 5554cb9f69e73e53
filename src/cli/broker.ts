/**
 * `parley broker`: the embedded broker alone.
 *
 * @module
 */
import { Command, Option } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { jsonLine } from "../base/log.ts";
import { untilAborted } from "../base/stop.ts";
import { isLoopback } from "../base/loopback.ts";
import type { GivenSettings } from "../broker/broker_keys.ts";
import type { FaultRule } from "../broker/faults/rules.ts";
import { type Address, addressText, parseAddress } from "../config.ts";
import { boundedLog } from "./bounded_log.ts";
import type { BrokerHttp } from "./broker_http.ts";
import { addSecurityFlags, type SecurityFlags, securityOf } from "./broker_security.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { EmbeddedBroker } from "./embedded.ts";
import type { Io } from "./io.ts";
import { collect } from "./options.ts";
import { VERSION } from "./version.ts";

interface BrokerFlags extends SecurityFlags {
  readonly memory?: boolean;
  readonly fsync?: boolean;
  readonly set?: readonly string[];
  readonly faults?: string;
  readonly http?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** What the flags come to. */
interface BrokerSettings extends GivenSettings {
  readonly faults: readonly FaultRule[] | undefined;
  readonly http: Address | undefined;
}

/** See the module. */
export function brokerCommand(context: Context): Command {
  const command = new Command("broker")
    .description("Serve Kafka's protocol, durably; prints one line when it is ready.")
    .addOption(new Option("--memory", "keep nothing on disk").conflicts("data"))
    .option("--fsync", "acknowledge only what survives a power cut")
    .option("--set <KEY=VALUE>", "a broker config by Kafka's name; may be given more than once", collect)
    .option("--faults <FILE>", "what is to go wrong, for tests: rules in YAML or JSON")
    .option("--http <HOST:PORT>", "serve /metrics and /health there")
    .option("--json", "the ready line on stdout and the log on stderr as JSON, an object a line")
    .action(async (flags: BrokerFlags) => context.end(await serve(context.io, command, flags)));
  return addSettings(addSecurityFlags(command), ["PARLEY_LISTEN", "PARLEY_DATA"]);
}

async function serve(io: Io, command: Command, flags: BrokerFlags): Promise<number> {
  const { stdout, stderr, signal } = io;
  const { listen, dataFolder } = configOf(command, "parley-broker", { mayListenAnywhere: true });
  const { memory = false, fsync = false, json = false, verbose = false } = flags;
  const { config, limits, faults, http: httpAddress } = await settingsOf(flags);
  const prefix = json ? "" : "parley: ";
  const toLog = (text: string) =>
    json ? jsonLine({ level: "warning", room: "cli", message: text }) : `${prefix}${text}`;
  const log = boundedLog(stderr, toLog);
  const tell = (text: string) => log(toLog(text));
  const data = memory ? null : dataFolder;
  await using broker = new EmbeddedBroker(
    {
      listen,
      fsync,
      config,
      limits,
      ...securityOf(flags),
      ...(faults === undefined ? {} : { faults }),
      ...(data === null ? {} : { data }),
    },
    tell,
    {
      level: verbose ? "debug" : "warning",
      format: json ? "json" : "text",
      onLine: (line) => log(prefix + line),
    },
  );
  await using http = httpAddress && await openHttp(httpAddress, broker);
  const stopped = untilAborted(new Promise<never>(() => {}), signal);
  stopped.catch(() => {});
  for (let isFirst = true;; isFirst = false) {
    const attempt = await Promise.race([broker.attempt, stopped]).catch(() => undefined);
    if (attempt === undefined) return EXIT.ok;
    if (attempt.type === "failed") {
      tell(attempt.message);
      return attempt.reason === "config" ? EXIT.usage : EXIT.failed;
    }
    const { address, clusterId } = attempt;
    if (!isFirst) tell(`The broker serves ${address} again`);
    else if (json) {
      stdout.write(
        `${JSON.stringify({ address, clusterId, data, version: VERSION, http: http?.address })}\n`,
      );
    } else stdout.write(`${readyLine(address, data, http)}\n`);
  }
}

function readyLine(address: string, data: string | null, http: BrokerHttp | undefined): string {
  const where = data === null ? "nothing on disk" : `data in ${data}`;
  const seen = http === undefined ? "" : `, /metrics and /health on ${http.address}`;
  return `ready on ${address}, ${where}${seen}, parley ${VERSION}`;
}

async function openHttp(listen: Address, broker: EmbeddedBroker): Promise<BrokerHttp> {
  const { serveBrokerHttp } = await import("./broker_http.ts");
  try {
    return serveBrokerHttp({ listen, counts: () => broker.counts(), version: VERSION });
  } catch (error) {
    throw new Error(`Cannot serve --http ${addressText(listen)}: ${describeError(error)}`, { cause: error });
  }
}

/**
 * What few runs ask for is loaded by those that do: it takes its time.
 *
 * @throws {ConfigError} with all faults of the flags
 */
async function settingsOf(flags: BrokerFlags): Promise<BrokerSettings> {
  const faults: string[] = [];
  const given = flags.set === undefined ? { config: {}, limits: {} } : await readSets(flags.set, faults);
  const http = flags.http === undefined
    ? undefined
    : httpAddress(flags.http, flags.insecure ?? false, faults);
  let rules: readonly FaultRule[] | undefined;
  if (flags.faults !== undefined) {
    const { readFaultFile } = await import("./fault_file.ts");
    try {
      rules = readFaultFile(flags.faults);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { ...given, http, faults: rules };
}

async function readSets(texts: readonly string[], faults: string[]): Promise<GivenSettings> {
  const { parseBrokerConfig } = await import("../broker/broker_keys.ts");
  const pairs = texts.flatMap((text): [string, string][] => {
    const at = text.indexOf("=");
    if (at >= 1) return [[text.slice(0, at), text.slice(at + 1)]];
    faults.push(`--set: '${text}' is not KEY=VALUE`);
    return [];
  });
  try {
    return parseBrokerConfig(pairs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(...error.message.split("\n").map((line) => `--set: ${line}`));
    return { config: {}, limits: {} };
  }
}

function httpAddress(text: string, isInsecure: boolean, faults: string[]): Address | undefined {
  const address = parseAddress(text);
  if (address === undefined) faults.push(`--http: '${text}' is not HOST:PORT`);
  else if (!isInsecure && !isLoopback(address.hostname)) {
    faults.push(`--http: '${text}' is not on loopback: who may read it is not asked; --insecure allows it`);
  }
  return address;
}
