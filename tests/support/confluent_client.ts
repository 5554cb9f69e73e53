/**
 * confluent-kafka, the Python client on librdkafka: see confluent_client.py. It is installed once, into the
 * repository's `.cache`, from PyPI.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const VERSION = "2.16.1";
const FOLDER = fileURLToPath(new URL(`../../.cache/confluent-kafka-${VERSION}`, import.meta.url));
const SCRIPT = fileURLToPath(new URL("./confluent_client.py", import.meta.url));
const PYTHON = "bin/python";

export type ConfluentScenario = "compression" | "eager" | "cooperative" | "transactions" | "admin";

/** Whether this machine has a Python that can be given packages. */
export const hasPython = await isThere("python3", ["-c", "import venv, ensurepip"]);

/** Runs a scenario. @returns what it printed @throws {Error} with its own words if it failed */
export async function confluent(
  scenario: ConfluentScenario,
  servers: string,
  prefix: string,
): Promise<unknown> {
  await install();
  return JSON.parse(await output(`${FOLDER}/${PYTHON}`, [SCRIPT, scenario, servers, prefix]));
}

let installed: Promise<void> | undefined;

function install(): Promise<void> {
  return installed ??= isThere(`${FOLDER}/${PYTHON}`, ["-c", "import confluent_kafka"]).then(
    async (isDone) => {
      if (isDone) return;
      await output("python3", ["-m", "venv", "--clear", FOLDER]);
      await output(`${FOLDER}/${PYTHON}`, ["-m", "pip", "install", "--quiet", `confluent-kafka==${VERSION}`]);
    },
  );
}

async function isThere(command: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
