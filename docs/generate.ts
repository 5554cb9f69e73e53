/**
 * Writes docs/protocol.md: `deno task docs`. The text is that of the handlers' headers, the versions are those that are
 * served, the configs those of the tables, so that neither can be told wrongly for long: a test holds the file against what this makes.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Api } from "../src/broker/api.ts";
import { BROKER_CONFIGS } from "../src/broker/broker_keys.ts";
import { APIS } from "../src/broker/dispatch.ts";
import { ConfigType } from "../src/broker/state/config_definition.ts";
import { TOPIC_CONFIGS } from "../src/broker/state/topic_config_table.ts";

const HANDLERS = new URL("../src/broker/handlers/", import.meta.url);
const PROTOCOL = new URL("./protocol.md", import.meta.url);

/** What a handler's header says. */
interface Header {
  /** Such as `Produce, v3-13`. */
  readonly title: string;
  readonly summary: string;
  /** Paragraphs, such as `Behaviour: …`. */
  readonly parts: readonly string[];
}

/** The whole of docs/protocol.md. @throws {Error} if a header does not say what is served */
export async function protocolDocument(): Promise<string> {
  const apis = await Promise.all(APIS.map(async (api) => ({ api, header: await headerOf(api) })));
  const rows = apis.map(({ api, header }) => [String(api.apiKey), api.name, versionsOf(api), header.summary]);
  const sections = apis.map(({ api: { apiKey, name }, header: { title, summary, parts } }) => {
    const versions = title.slice(title.indexOf(",") + 2);
    return [`### ${name}`, `API key ${apiKey}, ${versions}: ${summary}.`, ...parts.map(emphasised)].join(
      "\n\n",
    );
  });
  return [
    "# The protocol",
    "What the embedded broker serves of Kafka's protocol, as ApiVersions tells it. An API or a version that is not here\n" +
    "gets what Apache Kafka answers to one that it does not know: ApiVersions its list with UNSUPPORTED_VERSION, all else\n" +
    "a closed connection. The definitions of the messages are held against those in Apache Kafka 4.3.1's own jar by a test.",
    "This file is made of the headers of the files in `src/broker/handlers/` and the tables of configs: `deno task docs`.",
    tableOf(["Key", "API", "Versions", "What it does"], rows),
    "## Each API",
    ...sections,
    ...configSections(),
  ].join("\n\n") + "\n";
}

function configSections(): string[] {
  const typeNames = new Map<number, string>(Object.entries(ConfigType).map(([name, type]) => [type, name]));
  const typeOf = (type: ConfigType) => (typeNames.get(type) ?? "").toLowerCase();
  const brokerRows = BROKER_CONFIGS.map(({ name, type, defaultValue, isDynamic, documentation }) => [
    `\`${name}\``,
    typeOf(type),
    defaultValue ?? "none",
    isDynamic ? "yes" : "no",
    documentation,
  ]);
  const topicRows = TOPIC_CONFIGS.map(({ name, type, defaultValue, documentation }) => [
    `\`${name}\``,
    typeOf(type),
    defaultValue,
    documentation,
  ]);
  return [
    "## The broker's configs",
    "By Kafka's names, where the embedded broker has that knob: `parley broker --set key=value`. Those that may change at\n" +
    "run time are changed by IncrementalAlterConfigs and AlterConfigs (`kafka-configs --alter --entity-type brokers`).",
    tableOf(["Config", "Type", "Default", "At run time", "What it says"], brokerRows),
    "## Topics' configs",
    tableOf(["Config", "Type", "Default", "What it says"], topicRows),
  ];
}

async function headerOf(api: Api): Promise<Header> {
  const prefix = `${String(api.apiKey).padStart(2, "0")}_`;
  for await (const { name: file } of Deno.readDir(HANDLERS)) {
    if (!file.startsWith(prefix)) continue;
    const header = parseHeader(await Deno.readTextFile(new URL(file, HANDLERS)), file);
    const expected = `${api.name}, ${versionsOf(api)}`;
    if (header.title === expected) return header;
    throw new Error(
      `Cannot document ${file}: its header begins '${header.title}', what is served is '${expected}'`,
    );
  }
  throw new Error(`Cannot document ${api.name}: no handler's file begins with ${prefix}`);
}

function versionsOf({ minVersion, maxVersion }: Api): string {
  return minVersion === maxVersion ? `v${minVersion}` : `v${minVersion}-${maxVersion}`;
}

/** Reads the comment that a handler's file begins with. */
function parseHeader(text: string, file: string): Header {
  const comment = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1];
  if (comment === undefined) throw new Error(`Cannot document ${file}: it does not begin with a comment`);
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const paragraphs: string[][] = [[]];
  for (const line of lines) {
    if (line === "@module") continue;
    if (line === "" || /^(Behaviour|Not modelled): /.test(line)) paragraphs.push([]);
    if (line !== "") paragraphs.at(-1)?.push(line);
  }
  const [first = "", ...parts] = paragraphs.filter((one) => one.length > 0).map((one) => one.join(" "));
  const match = /^(\w+, v\d+(?:-\d+)?): (.+)\.$/.exec(first);
  if (match === null) {
    throw new Error(`Cannot document ${file}: '${first}' is not 'Name, vMIN-MAX: one line.'`);
  }
  const [, title = "", summary = ""] = match;
  if (!parts.some((part) => part.startsWith("Not modelled: "))) {
    throw new Error(`Cannot document ${file}: its header does not say 'Not modelled: …'`);
  }
  return { title, summary, parts };
}

function emphasised(paragraph: string): string {
  return paragraph.replace(/^(Behaviour|Not modelled): (.)/, (_, label: string, first: string) => {
    return `**${label}:** ${first}`;
  });
}

/** A table whose columns are aligned, as `deno fmt` has them. */
function tableOf(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(" | ")} |`;
  return [line(head, " "), line(head.map(() => ""), "-"), ...rows.map((row) => line(row, " "))].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(PROTOCOL, await protocolDocument());
  console.log(`${fileURLToPath(PROTOCOL)} is current`);
}
