/**
 * Scripts in Python that use a client of Kafka from PyPI. A client is installed once, into the repository's `.cache`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const PYTHON = "bin/python";

/** A script and what it stands on. */
export interface PythonScript {
  /** A file beside this one. */
  readonly file: string;
  /** The folder in `.cache`: another one for other packages. */
  readonly environment: string;
  /** As pip takes them, `NAME==VERSION`. */
  readonly packages: readonly string[];
  /** Python that fails while the packages are not there. */
  readonly probe: string;
}

/** Whether this machine has a Python that can be given packages. */
export const hasPython = await isThere("python3", ["-c", "import venv, ensurepip"]);

/** Runs a script. @returns the JSON that it printed @throws {Error} with its own words if it failed */
export async function runPython(script: PythonScript, args: readonly string[]): Promise<unknown> {
  const python = await install(script);
  const file = fileURLToPath(new URL(`./${script.file}`, import.meta.url));
  return JSON.parse(await output(python, [file, ...args]));
}

const installed = new Map<string, Promise<string>>();

function install({ environment, packages, probe }: PythonScript): Promise<string> {
  const before = installed.get(environment);
  if (before !== undefined) return before;
  const folder = fileURLToPath(new URL(`../../.cache/${environment}`, import.meta.url));
  const python = `${folder}/${PYTHON}`;
  const now = isThere(python, ["-c", probe]).then(async (isDone) => {
    if (!isDone) {
      await output("python3", ["-m", "venv", "--clear", folder]);
      await output(python, ["-m", "pip", "install", "--quiet", ...packages]);
    }
    return python;
  });
  installed.set(environment, now);
  return now;
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
