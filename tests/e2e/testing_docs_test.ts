/**
 * The examples of docs/testing.md, run as they stand there, each by its own language. One whose language or Kafka client
 * is not on the machine is skipped.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apacheKafkaFiles } from "../support/apache_kafka_files.ts";
import { named, whyNotFetched } from "../support/registries.ts";
import { PARLEY_FLAGS } from "../support/task_flags.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TEXT = await Deno.readTextFile(join(ROOT, "docs/testing.md"));
const PYTHON = Deno.env.get("PARLEY_TEST_PYTHON") ?? "python3";

interface Output {
  readonly isSuccess: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The one block of code in a language. */
function example(language: string): string {
  const [block, ...more] = TEXT.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"));
  assert.equal(more.length, 0, language);
  return block?.[1] ?? assert.fail(`docs/testing.md has no example in ${language}`);
}

/** A folder with the examples' `faults.yaml`, and what is called `parley` in it. */
async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "parley-docs-" });
  await Deno.writeTextFile(join(path, "faults.yaml"), example("yaml"));
  const command = [Deno.execPath(), "run", ...PARLEY_FLAGS, join(ROOT, "src/main.ts")];
  const script = `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(" ")} "$@"\n`;
  await Deno.writeTextFile(join(path, "parley"), script, { mode: 0o755 });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function run(command: string, args: readonly string[], cwd = "."): Promise<Output> {
  const decoder = new TextDecoder();
  const path = `${cwd}:${Deno.env.get("PATH")}`;
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { PATH: path, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { isSuccess: success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function isThere(command: string, ...args: readonly string[]): Promise<boolean> {
  try {
    return (await run(command, args)).isSuccess;
  } catch {
    return false;
  }
}

async function assertRuns(name: string, language: string, command: string, args: readonly string[]) {
  await using place = await folder();
  await Deno.writeTextFile(join(place.path, name), example(language));
  const { isSuccess, stdout, stderr } = await run(command, args, place.path);
  assert.ok(isSuccess, stdout + stderr);
  assert.equal(stdout, "stored once\n");
}

Deno.test("docs/testing.md: the example in Deno passes", async () => {
  await using place = await folder();
  await Deno.writeTextFile(join(place.path, "example_test.ts"), example("ts"));
  const flags = ["--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"];
  const config = ["--config", join(ROOT, "deno.json"), "--frozen"];
  const { isSuccess, stdout, stderr } = await run(
    Deno.execPath(),
    ["test", ...flags, ...config, "example_test.ts"],
    place.path,
  );
  assert.ok(isSuccess, stdout + stderr);
  assert.match(stdout, /1 passed/);
});

Deno.test({
  name: "docs/testing.md: the example in Node passes",
  ignore: !await isThere("node", "--version"),
  fn: async () => {
    await using place = await folder();
    await Deno.writeTextFile(join(place.path, "example.cjs"), example("js"));
    // kafkajs needs no other package: Deno's copy of it does for Node.
    const { stdout: info } = await run(Deno.execPath(), ["info", "--json"]);
    const kafkajs = join(JSON.parse(info).npmCache, "registry.npmjs.org/kafkajs/2.2.4");
    await Deno.mkdir(join(place.path, "node_modules"));
    await Deno.symlink(kafkajs, join(place.path, "node_modules/kafkajs"));
    const { isSuccess, stdout, stderr } = await run("node", ["example.cjs"], place.path);
    assert.ok(isSuccess, stdout + stderr);
    assert.equal(stdout, "stored once\n");
  },
});

Deno.test({
  name: "docs/testing.md: the example in Python passes",
  ignore: !await isThere(PYTHON, "-c", "import confluent_kafka"),
  fn: () => assertRuns("example.py", "python", PYTHON, ["example.py"]),
});

const withoutJava = whyNotFetched(await isThere("java", "-version"), "no java");

Deno.test({
  name: named("docs/testing.md: the example in Java passes", withoutJava),
  ignore: withoutJava !== undefined,
  fn: async () => {
    const { libs } = await apacheKafkaFiles();
    const log = "-Dorg.slf4j.simpleLogger.defaultLogLevel=off";
    const name = "LostAcknowledgement.java";
    await assertRuns(name, "java", "java", [log, "-cp", `${libs}/*`, name]);
  },
});
