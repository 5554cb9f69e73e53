/**
 * The program as `deno bundle` makes it, run from another folder: what breaks a bundle breaks a compiled binary too.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKERS } from "../../src/workers.ts";
import { PARLEY_FLAGS } from "../support/task_flags.ts";
import { Place } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles the program into `folder`; each entry keeps its path within src. */
async function bundle(folder: string): Promise<{ isDone: boolean; said: string }> {
  const entries = Object.values(WORKERS).map((url) => relative(ROOT, fileURLToPath(url)));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--platform=deno", "--outdir", folder, "src/main.ts", ...entries],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  return { isDone: success, said: new TextDecoder().decode(stderr) };
}

const probe = await Deno.makeTempDir();
const { isDone, said } = await bundle(probe);
await Deno.remove(probe, { recursive: true });

Deno.test({
  name: "deno bundle makes a program that talks from any folder",
  // Deno fetches the bundler from npm when it is first used.
  ignore: !isDone && /download|fetch|registry/i.test(said),
  fn: async () => {
    await using place = new Place();
    const folder = join(place.folder, "program");
    const { isDone, said } = await bundle(folder);
    assert.ok(isDone, said);
    const main = join(folder, "main.js");
    const start = (args: string[]) =>
      place.startCommand(
        Deno.execPath(),
        ["run", "--no-config", "--no-npm", ...PARLEY_FLAGS, main, ...args],
        {},
      );

    const demo = start(["demo", "chat"]);
    assert.equal(await demo.ended(), 0, demo.stderr);
    assert.match(demo.stdout, /The armour is red and gold, sir/);

    const jarvis = start(["chat", "jarvis"]);
    await jarvis.untilStderr(/answers/);
    const tony = start(["chat", "tony", "--say", "what is the armour?"]);
    assert.equal(await tony.ended(), 0, tony.stderr);
    assert.equal(tony.stdout, "The armour is red and gold, sir.\n");
  },
});
