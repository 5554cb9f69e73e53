/**
 * The settings: flags before environment before `.env`, as one frozen {@linkcode Config}, or every fault at once.
 * The names are those of the Confluent tutorials and librdkafka, so that what a user has can be pasted in. This is the
 * only module that reads the environment.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError, describeError } from "./base/errors.ts";
import { isLoopback } from "./base/loopback.ts";
import { type KafkaSettings, SASL_MECHANISMS, SECURITY_PROTOCOLS } from "./kafka/settings.ts";

/** Where something listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** What a run of Parley goes by. */
export interface Config {
  /** The Kafka that is named by the settings; undefined where none is: then there is the embedded broker. */
  readonly kafka: KafkaSettings | undefined;
  /** Where the embedded broker is looked for, and served if nothing is there. */
  readonly listen: Address;
  /** The folder of the embedded broker's log. */
  readonly dataFolder: string;
  /** Whether colour is welcome on a terminal (https://no-color.org). */
  readonly color: boolean;
}

/** What the settings are called: in the environment and `.env`, and as a flag where there is one. */
export const SETTINGS = {
  KAFKA_BOOTSTRAP_SERVERS: {
    flag: "bootstrap-servers",
    help: "HOST:PORT,… of a Kafka (default: the embedded broker)",
  },
  KAFKA_SECURITY_PROTOCOL: { flag: "security-protocol", help: SECURITY_PROTOCOLS.join(", ") },
  KAFKA_SASL_MECHANISMS: { flag: "sasl-mechanism", help: SASL_MECHANISMS.join(", ") },
  KAFKA_SASL_USERNAME: { flag: "sasl-username", help: "user name, or API key" },
  // A password on a command line is read by every user of the machine.
  KAFKA_SASL_PASSWORD: { flag: undefined, help: "password, or API secret" },
  KAFKA_SSL_CA_LOCATION: { flag: "ssl-ca-location", help: "PEM file with the certificate authorities" },
  PARLEY_DATA: { flag: "data", help: "folder of the embedded broker's log" },
  PARLEY_LISTEN: { flag: "listen", help: "where the embedded broker listens (default 127.0.0.1:9092)" },
} as const;

/** A setting's name in the environment. */
export type SettingName = keyof typeof SETTINGS;

/** What the platform is asked about folders and colour. */
const PLATFORM_NAMES = ["NO_COLOR", "HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "USERPROFILE"] as const;

/** Every variable that Parley itself reads. */
export const ENVIRONMENT_NAMES: readonly string[] = [...Object.keys(SETTINGS), ...PLATFORM_NAMES];

const DEFAULT_LISTEN = "127.0.0.1:9092";

/** Where {@linkcode loadConfig} looks. The defaults are the real places. */
export interface ConfigSources {
  /** What was said on the command line. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
  /** @default the process's environment */
  readonly environment?: (name: string) => string | undefined;
  /** @default {".env"}, in the working folder; it need not exist */
  readonly envFile?: string;
  /** How Kafka is told who connects. @default {"parley"} */
  readonly clientId?: string;
  /** Whether the broker sees to it itself that it is safe where it listens. @default {false} */
  readonly mayListenAnywhere?: boolean;
}

/** One setting's value, and where it was found. */
interface Found {
  readonly value: string;
  readonly where: string;
}

/**
 * Reads the settings.
 *
 * @throws {ConfigError} with all faults; no secret is in them
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const {
    flags = {},
    environment = (name) => Deno.env.get(name),
    envFile = ".env",
    clientId = "parley",
    mayListenAnywhere = false,
  } = sources;
  const faults: string[] = [];
  const dotenv = readEnvFile(envFile, faults);
  const find = (name: SettingName): Found | undefined => {
    const flag = flags[name];
    if (flag !== undefined) return { value: flag.trim(), where: `--${SETTINGS[name].flag}` };
    // An empty variable is how a shell or a compose file says "not set".
    const fromEnvironment = environment(name)?.trim();
    if (fromEnvironment) return { value: fromEnvironment, where: "environment" };
    const fromFile = dotenv[name]?.trim();
    return fromFile ? { value: fromFile, where: envFile } : undefined;
  };

  const kafka = kafkaSettings(find, clientId, faults);
  const listen = listenAddress(find("PARLEY_LISTEN"), mayListenAnywhere, faults);
  const data = find("PARLEY_DATA");
  if (data?.value === "") faults.push(`PARLEY_DATA (${data.where}): a folder is needed, this is empty`);
  const dataFolder = data?.value || defaultDataFolder(environment);
  if (dataFolder === undefined) {
    faults.push("PARLEY_DATA: there is no home folder to put the data in: name a folder");
  }
  if (faults.length > 0 || listen === undefined || dataFolder === undefined) throw new ConfigError(faults);
  return Object.freeze({
    kafka: kafka && Object.freeze(kafka),
    listen: Object.freeze(listen),
    dataFolder,
    color: !environment("NO_COLOR"),
  });
}

/** `HOST:PORT` as an address, IPv6 in brackets; undefined if it is not one. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return hostname === undefined || port > 65_535 ? undefined : { hostname, port };
}

/** An address as it is written: `127.0.0.1:9092`, `[::1]:9092`. */
export function addressText({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function readEnvFile(path: string, faults: string[]): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      faults.push(`${path}: cannot be read: ${describeError(error)}`);
    }
    return {};
  }
}

function kafkaSettings(
  find: (name: SettingName) => Found | undefined,
  clientId: string,
  faults: string[],
): KafkaSettings | undefined {
  const before = faults.length;
  const servers = find("KAFKA_BOOTSTRAP_SERVERS");
  const bootstrapServers = servers === undefined ? [] : servers.value.split(",").map((part) => part.trim());
  for (const server of bootstrapServers) {
    const address = parseAddress(server);
    if (servers !== undefined && (address === undefined || address.port === 0)) {
      faults.push(`KAFKA_BOOTSTRAP_SERVERS (${servers.where}): '${server}' is not HOST:PORT`);
    }
  }
  const securityProtocol = oneOf("KAFKA_SECURITY_PROTOCOL", SECURITY_PROTOCOLS, find, faults);
  const sasl = saslSettings(securityProtocol ?? "PLAINTEXT", find, faults);
  const ca = certificateAuthorities(securityProtocol ?? "PLAINTEXT", find, faults);
  if (servers === undefined && securityProtocol !== undefined && securityProtocol !== "PLAINTEXT") {
    faults.push(`KAFKA_BOOTSTRAP_SERVERS: ${securityProtocol} is asked for, but no server is named`);
  }
  if (faults.length > before || servers === undefined) return undefined;
  return {
    bootstrapServers,
    clientId,
    securityProtocol: securityProtocol ?? "PLAINTEXT",
    ...(ca === undefined ? {} : { ca }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function saslSettings(
  protocol: KafkaSettings["securityProtocol"],
  find: (name: SettingName) => Found | undefined,
  faults: string[],
): KafkaSettings["sasl"] {
  const mechanism = oneOf("KAFKA_SASL_MECHANISMS", SASL_MECHANISMS, find, faults);
  const username = find("KAFKA_SASL_USERNAME");
  const password = find("KAFKA_SASL_PASSWORD");
  if (!protocol.startsWith("SASL_")) {
    if (username !== undefined) {
      faults.push(
        `KAFKA_SASL_USERNAME (${username.where}): it would not be used, as KAFKA_SECURITY_PROTOCOL is ${protocol}: ` +
          "SASL_SSL or SASL_PLAINTEXT is needed",
      );
    }
    return undefined;
  }
  if (mechanism === undefined && find("KAFKA_SASL_MECHANISMS") === undefined) {
    faults.push(`KAFKA_SASL_MECHANISMS: ${protocol} needs one of ${SASL_MECHANISMS.join(", ")}`);
  }
  if (!username?.value) faults.push(`KAFKA_SASL_USERNAME: ${protocol} needs a user name`);
  if (!password?.value) faults.push(`KAFKA_SASL_PASSWORD: ${protocol} needs a password`);
  if (mechanism === undefined || !username?.value || !password?.value) return undefined;
  return { mechanism, username: username.value, password: password.value };
}

function certificateAuthorities(
  protocol: KafkaSettings["securityProtocol"],
  find: (name: SettingName) => Found | undefined,
  faults: string[],
): string | undefined {
  const location = find("KAFKA_SSL_CA_LOCATION");
  if (location === undefined) return undefined;
  const fault = (text: string) => {
    faults.push(`KAFKA_SSL_CA_LOCATION (${location.where}): ${text}`);
    return undefined;
  };
  if (!protocol.endsWith("SSL")) {
    return fault(
      `it would not be used, as KAFKA_SECURITY_PROTOCOL is ${protocol}: SSL or SASL_SSL is needed`,
    );
  }
  try {
    const pem = readFileSync(location.value, "utf8");
    return pem.includes("-----BEGIN CERTIFICATE-----")
      ? pem
      : fault(`'${location.value}' holds no PEM certificate`);
  } catch (error) {
    return fault(`'${location.value}' cannot be read: ${describeError(error)}`);
  }
}

/** A setting that takes one of a few words, in capitals or not. */
function oneOf<T extends string>(
  name: SettingName,
  words: readonly T[],
  find: (name: SettingName) => Found | undefined,
  faults: string[],
): T | undefined {
  const found = find(name);
  if (found === undefined) return undefined;
  const word = words.find((one) => one === found.value.toUpperCase());
  if (word === undefined) {
    faults.push(`${name} (${found.where}): '${found.value}' is not known: it is one of ${words.join(", ")}`);
  }
  return word;
}

function listenAddress(
  found: Found | undefined,
  mayBeAnywhere: boolean,
  faults: string[],
): Address | undefined {
  const text = found?.value ?? DEFAULT_LISTEN;
  const address = parseAddress(text);
  if (address === undefined) {
    faults.push(`PARLEY_LISTEN (${found?.where}): '${text}' is not HOST:PORT`);
    return undefined;
  }
  if (!mayBeAnywhere && !isLoopback(address.hostname)) {
    faults.push(
      `PARLEY_LISTEN (${found?.where}): '${text}' is not on loopback: the embedded broker asks nobody for a password`,
    );
    return undefined;
  }
  return address;
}

/** The XDG base directory specification's data folder; on Windows, the local application data. */
function defaultDataFolder(environment: (name: string) => string | undefined): string | undefined {
  const xdg = environment("XDG_DATA_HOME") || environment("LOCALAPPDATA");
  if (xdg) return join(xdg, "parley");
  const home = environment("HOME") || environment("USERPROFILE");
  return home ? join(home, ".local", "share", "parley") : undefined;
}
