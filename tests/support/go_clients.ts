/** franz-go, Sarama and kafka-go, clients written in Go: see go_clients/. They are built once, into `.cache`. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./go_clients", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache", import.meta.url));

export type GoScenario = "franz_versions" | "franz_exactly_once" | "sarama_group" | "kafka_go_group";

/** Whether this machine has Go, new enough for go.mod as it is: none is fetched. */
export const hasGo = await new Deno.Command("go", {
  args: ["list", "-m"],
  cwd: FOLDER,
  env: { GOTOOLCHAIN: "local" },
  stdout: "null",
  stderr: "null",
})
  .output()
  .then(({ success }) => success, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });

/** Runs a scenario. @returns what it printed @throws {Error} with its own words if it failed */
export async function goClient(scenario: GoScenario, servers: string, prefix: string): Promise<unknown> {
  return JSON.parse(await output(await (built ??= build()), [scenario, servers, prefix]));
}

let built: Promise<string> | undefined;

/** @returns the program, in a file that is named after its source */
async function build(): Promise<string> {
  const hash = createHash("sha256");
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  for (const file of files) hash.update(await Deno.readFile(`${FOLDER}/${file}`));
  const program = `${CACHE}/go-clients-${hash.digest("hex").slice(0, 16)}`;
  try {
    await Deno.stat(program);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await output("go", ["build", "-o", program, "."]);
  }
  return program;
}

async function output(command: string, args: string[]): Promise<string> {
  const options = { args, cwd: FOLDER, stdin: "null" } as const;
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
