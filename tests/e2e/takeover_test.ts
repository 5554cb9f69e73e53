import assert from "node:assert/strict";
import { Place, type Running } from "./processes.ts";

/** So many requests are sent while the host dies. */
const REQUESTS = 200;

Deno.test("parley chat: kill -9 of the host during a talk, and every request is answered once", async () => {
  await using place = new Place();
  const host = place.start(["chat", "pepper", "--brain", "echo"]);
  await host.untilStderr(/pepper \(echo\) answers\. Kafka: .*, served from here/);
  const heir = place.start(["chat", "pepper", "--brain", "echo"]);
  await heir.untilStderr(/pepper \(echo\) answers\. Kafka: .*, found there/);

  const tony = place.start(["chat", "tony", "--to", "pepper"]);
  const lines = Array.from({ length: REQUESTS }, (_, i) => `line ${i}`);
  await tony.type(lines.slice(0, REQUESTS / 2).join("\n") + "\n");
  await tony.untilStdout(/line 10\n/);
  host.kill("SIGKILL");
  await tony.type(lines.slice(REQUESTS / 2).join("\n") + "\n");
  await tony.closeInput();

  assert.equal(await tony.ended(), 0, tony.stderr);
  assert.deepEqual(tony.stdout.trimEnd().split("\n"), lines);
  assert.match(
    tony.stderr + heir.stderr,
    /The broker went away; this process serves .* now, and the talk goes on/,
  );
});

Deno.test("parley chat: a host that leaves hands over, with what was said kept", async () => {
  await using place = new Place();
  const host = place.start(["chat", "pepper", "--brain", "echo"]);
  await host.untilStderr(/answers/);
  const jarvis = place.start(["chat", "jarvis"]);
  await jarvis.untilStderr(/answers/);
  const ask = (text: string) => place.run(["chat", "tony", "--say", text]);
  assert.match((await ask("remember the code is 1234")).stdout, /Noted/);
  host.kill("SIGTERM");
  assert.equal(await host.ended(), 0);
  await jarvis.untilStderr(/this process serves/);
  assert.match((await ask("what is the code?")).stdout, /The code is 1234, sir/);
});

Deno.test("parley: of many that start at once one serves, and all find it", async () => {
  await using place = new Place();
  const names = ["a", "b", "c", "d"];
  const all = names.map((name) => place.start(["chat", name, "--brain", "echo"]));
  await Promise.all(all.map((one) => one.untilStderr(/answers/)));
  assert.equal(all.filter(isHost).length, 1);
  const { code, stdout } = await place.run(["chat", "tony", "--to", "c", "--say", "hello"]);
  assert.deepEqual([code, stdout], [0, "hello\n"]);
});

Deno.test("parley: a Kafka whose data are not ours is waited for, not replaced", async () => {
  await using place = new Place();
  await using elsewhere = new Place();
  const broker = elsewhere.start(["broker", "--listen", place.listen]);
  await broker.untilStdout(/ready on/);
  const echo = place.start(["chat", "pepper", "--brain", "echo"]);
  await echo.untilStderr(/answers\. Kafka: .*, found there/);
  broker.kill("SIGKILL");
  await echo.untilStderr(/The Kafka at .* is gone; waiting for it to come back/);
  const again = elsewhere.start(["broker", "--listen", place.listen]);
  await again.untilStdout(/ready on/);
  const { code, stdout } = await place.run(["chat", "tony", "--to", "pepper", "--say", "hello"]);
  assert.deepEqual([code, stdout], [0, "hello\n"]);
});

function isHost(process: Running): boolean {
  return /served from here/.test(process.stderr);
}
