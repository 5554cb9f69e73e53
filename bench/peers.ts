/**
 * The peers: what other Kafka clients make of the same work. Their programs lie in bench/peers, one folder a language;
 * they are built in bench/peers/.work, with whatever their own tools install there. Each takes `BROKER N` and prints
 * one line of JSON: see program.ts.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("./peers", import.meta.url));
const WORK = `${SOURCES}/.work`;

/** Where the peers are built. */
export const PEERS_WORK = WORK;

/** A peer that can be built and run. */
export interface Peer {
  readonly name: string;
  /** What its programs need on the machine, for the message that says what is missing. */
  readonly needs: string;
  /** The command, to which broker and number of calls are added. */
  readonly command: readonly string[];
  readonly build: () => Promise<void>;
}

/** Npm's packages are shared by three peers: installed once. */
let npmInstalled: Promise<void> | undefined;

function buildNode(): Promise<void> {
  npmInstalled ??= (async () => {
    const folder = await copySources("node");
    await run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
  })();
  return npmInstalled;
}

async function buildGo(): Promise<void> {
  const folder = await copySources("go");
  await run(folder, "go", "build", "-o", `${WORK}/franz-go`, ".");
}

async function buildPython(): Promise<void> {
  const folder = await copySources("python");
  await run(folder, "python3", "-m", "venv", `${WORK}/venv`);
  await run(folder, `${WORK}/venv/bin/pip`, "install", "--quiet", "--requirement", "requirements.txt");
}

async function buildJava(name: "java" | "spring", files: readonly string[]): Promise<void> {
  const folder = await copySources(name);
  const sources = files.map((file) => `${SOURCES}/${file}`);
  await run(
    folder,
    "mvn",
    "--batch-mode",
    "--quiet",
    "dependency:copy-dependencies",
    "-DoutputDirectory=libs",
  );
  await run(folder, "javac", "-cp", "libs/*", "-d", "classes", ...sources);
}

function java(name: "java" | "spring", main: string): string[] {
  return ["java", "-cp", `${WORK}/${name}/classes:${WORK}/${name}/libs/*`, main];
}

/** All of them. NestJS and kafkajs run on Node, where their users have them; @platformatic/kafka on Deno. */
export const PEERS: readonly Peer[] = [
  { name: "franz-go", needs: "go", command: [`${WORK}/franz-go`], build: buildGo },
  {
    name: "confluent-kafka",
    needs: "python3 with venv",
    command: [`${WORK}/venv/bin/python`, `${WORK}/python/confluent.py`],
    build: buildPython,
  },
  {
    name: "java-kafka-clients",
    needs: "mvn, javac",
    command: java("java", "JavaClients"),
    build: () => buildJava("java", ["java/Load.java", "java/JavaClients.java"]),
  },
  {
    name: "spring-kafka",
    needs: "mvn, javac",
    command: java("spring", "SpringKafka"),
    build: () => buildJava("spring", ["java/Load.java", "spring/SpringKafka.java"]),
  },
  {
    name: "platformatic",
    needs: "npm",
    command: [Deno.execPath(), "run", "-A", `${WORK}/node/platformatic.mjs`],
    build: buildNode,
  },
  { name: "nestjs", needs: "npm, node", command: ["node", `${WORK}/node/nestjs.mjs`], build: buildNode },
];

/** kafkajs as its documentation shows it: in every run, not only with the peers. */
export const KAFKAJS: Peer = {
  name: "kafkajs",
  needs: "npm, node",
  command: ["node", `${WORK}/node/kafkajs.mjs`],
  build: buildNode,
};

/** Builds one of them. */
export async function buildPeer(name: string): Promise<void> {
  const peer = [...PEERS, KAFKAJS].find((candidate) => candidate.name === name);
  if (peer === undefined) throw new RangeError(`There is no peer '${name}'`);
  await peer.build();
}

async function copySources(name: string): Promise<string> {
  const folder = `${WORK}/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  for await (const entry of Deno.readDir(`${SOURCES}/${name}`)) {
    if (entry.isFile) await Deno.copyFile(`${SOURCES}/${name}/${entry.name}`, `${folder}/${entry.name}`);
  }
  return folder;
}

async function run(cwd: string, command: string, ...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  if (success) return;
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`Cannot build a peer as '${command} ${args[0]}' failed: ${text.trim()}`);
}
