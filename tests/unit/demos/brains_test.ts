import assert from "node:assert/strict";
import type { Question } from "../../../src/demos/chat/brains/brain.ts";
import { echoBrain } from "../../../src/demos/chat/brains/echo.ts";
import { execBrain, runCommand } from "../../../src/demos/chat/brains/exec.ts";
import { httpBrain } from "../../../src/demos/chat/brains/http.ts";
import { HumanBrain } from "../../../src/demos/chat/brains/human.ts";

const NEVER = new AbortController().signal;
const isWindows = Deno.build.os === "windows";

function question(text: string, more: Partial<Question> = {}): Question {
  return { id: "1", from: "tony", text, deadlineMs: undefined, ...more };
}

Deno.test("echoBrain() says what it is told", async () => {
  assert.equal(await echoBrain().answer(question("grüße"), NEVER), "grüße");
});

Deno.test({
  name: "execBrain() gives the message on stdin and takes stdout, through a shell",
  ignore: isWindows,
  fn: async () => {
    await using brain = execBrain("tr a-z A-Z | sed s/L/1/");
    assert.equal(await brain.answer(question("hello"), NEVER), "HE1LO");
  },
});

Deno.test({
  name: "runCommand() takes a message larger than a pipe, and one that is not read",
  ignore: isWindows,
  fn: async () => {
    const text = "x".repeat(300_000);
    assert.equal(await runCommand("cat", text, NEVER), text);
    assert.equal(await runCommand("echo done", text, NEVER), "done");
  },
});

Deno.test({
  name: "runCommand() fails with the exit code and what stderr says",
  ignore: isWindows,
  fn: async () => {
    await assert.rejects(runCommand("echo nope >&2; exit 3", "", NEVER), /ended with code 3: nope/);
    await assert.rejects(runCommand("no-such-command-here", "", NEVER), /ended with code 127/);
  },
});

Deno.test({
  name: "runCommand() stops a command whose time is over",
  ignore: isWindows,
  fn: async () => {
    const stop = new AbortController();
    const running = runCommand("exec sleep 60", "", stop.signal);
    stop.abort();
    await assert.rejects(running, /took too long and was stopped/);
  },
});

Deno.test({
  name: "runCommand() stops a command that says too much",
  ignore: isWindows,
  fn: async () => {
    await assert.rejects(runCommand("exec yes", "", NEVER), /said more than 1000000 bytes/);
  },
});

Deno.test("httpBrain() posts the message and takes the body; a status that is not 2xx fails", async () => {
  const seen: { method: string; body: string; from: string | null; type: string | null }[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { method, headers } = request;
    const body = await request.text();
    seen.push({ method, body, from: headers.get("parley-from"), type: headers.get("content-type") });
    return body === "fail" ? new Response("no tea left", { status: 503 }) : new Response(`you said ${body}`);
  });
  const brain = httpBrain(`http://127.0.0.1:${server.addr.port}/answer`);
  assert.equal(await brain.answer(question("tea?"), NEVER), "you said tea?");
  assert.deepEqual(seen[0], {
    method: "POST",
    body: "tea?",
    from: "tony",
    type: "text/plain; charset=utf-8",
  });
  await assert.rejects(brain.answer(question("fail"), NEVER), /answered 503: no tea left/);
});

Deno.test("httpBrain() fails where nobody listens", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(httpBrain(`http://127.0.0.1:${port}`).answer(question("?"), NEVER), /Cannot ask http/);
});

Deno.test("HumanBrain.answer() waits for the line that is typed", async () => {
  await using brain = new HumanBrain();
  const first = brain.answer(question("tea?", { id: "a" }), NEVER);
  const second = brain.answer(question("milk?", { id: "b" }), NEVER);
  assert.equal(brain.answered("b", "no"), true);
  assert.equal(brain.answered("a", "yes"), true);
  assert.deepEqual(await Promise.all([first, second]), ["yes", "no"]);
  assert.equal(brain.answered("a", "again"), false);
});

Deno.test("HumanBrain.answer() fails at the deadline, and forgets the question", async () => {
  await using brain = new HumanBrain();
  const past = question("tea?", { deadlineMs: Date.now() - 1 });
  await assert.rejects(brain.answer(past, NEVER), /Nobody at the keyboard answered in time/);
  assert.equal(brain.answered("1", "too late"), false);
});
