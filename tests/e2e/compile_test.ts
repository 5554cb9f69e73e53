/**
 * What `deno compile` embeds. The runtime that it would put the program into comes from the network; Deno itself stands
 * in for it, as the tree that is printed is the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { WORKERS } from "../../src/workers.ts";
import { flagsOf } from "../support/task_flags.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Flags of the task that all targets share. */
const FLAGS = config.tasks["compile:with"].split(" ").slice(2);

Deno.test("deno task compile embeds every worker, and the whole of what they need", async () => {
  const folder = await Deno.makeTempDir();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "--no-check", ...FLAGS, "--output", join(folder, "parley"), "src/main.ts"],
    cwd: ROOT,
    env: { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" },
  }).output();
  await Deno.remove(folder, { recursive: true });
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, printed);
  const files = embeddedFiles(printed);
  const holds = (path: string) => files.has(path) || files.has(`${path.slice(0, path.lastIndexOf("/"))}/*`);
  for (const path of [...workerPaths(), "src/main.ts", "src/toolkit/requester.ts", "src/broker/broker.ts"]) {
    assert.ok(holds(path), `${path} is not embedded:\n${printed}`);
  }
  assert.match(printed, /kafkajs\/2\.2\.4/);
});

Deno.test("deno task compile includes the workers of src/workers.ts, with the flags of the tasks", () => {
  const included = FLAGS.filter((_, i) => FLAGS[i - 1] === "--include");
  assert.deepEqual(included.toSorted(), workerPaths().toSorted());
  for (const flag of flagsOf("run")) assert.ok(FLAGS.includes(flag), flag);
  assert.deepEqual(flagsOf("parley"), ["--allow-run=sh"]);
  assert.deepEqual(flagsOf("chat"), flagsOf("parley"));
  assert.deepEqual(flagsOf("demo"), []);
  const tasks = config.tasks;
  assert.ok(!/ -A\b|--allow-all/.test(Object.values(tasks).join("\n")));
  for (const target of ["linux-x64", "linux-arm64", "macos-x64", "macos-arm64", "windows-x64"] as const) {
    assert.ok(tasks["compile:all"].includes(`deno task -q compile:${target}`), target);
    const run = target === "windows-x64" ? "cmd" : "sh";
    assert.ok(tasks[`compile:${target}`].includes(`compile:with --allow-run=${run} --target `), target);
  }
});

/** As they are written from the project's folder: `src/broker/worker.ts`. */
function workerPaths(): string[] {
  return Object.values(WORKERS).map((url) => relative(ROOT, fileURLToPath(url)).replaceAll("\\", "/"));
}

/** The paths of the printed tree; a folder of which all is embedded is one line: `src/cli/*`. */
function embeddedFiles(printed: string): Set<string> {
  const paths = new Set<string>();
  const folders: string[] = [];
  for (const line of printed.split("\n")) {
    const match = /^([│ ]*)[├└][─┬]+ ?(\S+)/.exec(line);
    if (match === null) continue;
    const depth = (match[1] ?? "").length / 2;
    folders.length = depth;
    folders.push(match[2] ?? "");
    paths.add(folders.join("/"));
  }
  return paths;
}
