import assert from "node:assert/strict";
import { Place } from "./processes.ts";

Deno.test("parley chat --say prints the replies of another process, and exits 0", async () => {
  await using place = new Place();
  const jarvis = place.start(["chat", "jarvis"]);
  await jarvis.untilStderr(/jarvis \(butler\) answers/);
  const { code, stdout, stderr } = await place.run([
    "chat",
    "tony",
    "--say",
    "hello",
    "--say",
    "what is the suit?",
  ]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const [first, second, ...rest] = stdout.trimEnd().split("\n");
  assert.match(first ?? "", /sir/);
  assert.match(second ?? "", /I have nothing on the suit, sir/);
  assert.deepEqual(rest, []);

  jarvis.kill("SIGTERM");
  assert.equal(await jarvis.ended(), 0);
  assert.match(jarvis.stdout, /^tony: hello$/m);
});

Deno.test("parley chat --json prints one object per message", async () => {
  await using place = new Place();
  const echo = place.start(["chat", "pepper", "--brain", "echo", "--json"]);
  await echo.untilStderr(/pepper \(echo\) answers/);
  const text = "Grüße, 東京 👩‍🚀 \u009b31m";
  const asked = await place.run(["chat", "tony", "--to", "pepper", "--json", "--say", text]);
  assert.equal(asked.code, 0, asked.stderr);
  assert.doesNotMatch(asked.stdout, /\u009b/);
  const reply = JSON.parse(asked.stdout);
  assert.deepEqual(Object.keys(reply), ["id", "from", "to", "text", "partition", "offset", "rttMs"]);
  assert.equal(reply.from, "pepper");
  assert.equal(reply.to, "tony");
  assert.equal(reply.text, text);
  assert.equal(reply.partition, 0);
  assert.equal(reply.offset, "0");
  assert.ok(reply.rttMs > 0);

  await echo.untilStdout(/\n.*\n/);
  const [request, answer] = echo.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(request.id, reply.id);
  assert.equal(request.from, "tony");
  assert.equal(request.to, "pepper");
  assert.equal(answer.id, reply.id);
  assert.equal(answer.from, "pepper");
});

Deno.test("parley chat sends the lines of a pipe, and prints the replies in their order", async () => {
  await using place = new Place();
  const echo = place.start(["chat", "pepper", "--brain", "echo"]);
  await echo.untilStderr(/pepper \(echo\) answers/);
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
  const { code, stdout } = await place.run(["chat", "tony", "--to", "pepper"], { input: lines.join("\n") });
  assert.equal(code, 0);
  assert.deepEqual(stdout.trimEnd().split("\n"), lines);
});

Deno.test("parley chat reaches one who comes later, and fails with 1 where nobody comes", async () => {
  await using place = new Place();
  const tony = place.start(["chat", "tony", "--say", "are you there?", "--timeout", "15s"]);
  const nobody = await place.run(["chat", "tony", "--to", "nobody", "--say", "hello", "--timeout", "300ms"]);
  assert.equal(nobody.code, 1);
  assert.equal(nobody.stdout, "");
  assert.equal(nobody.stderr, "parley: nobody did not answer within 0.3 s\n");
  const json = await place.run([
    "chat",
    "tony",
    "--to",
    "nobody",
    "--say",
    "?",
    "--timeout",
    "300ms",
    "--json",
  ]);
  assert.equal(json.code, 1);
  assert.deepEqual({ ...JSON.parse(json.stdout), id: "" }, {
    id: "",
    from: "nobody",
    to: "tony",
    text: null,
    partition: null,
    offset: null,
    rttMs: null,
    error: "nobody did not answer within 0.3 s",
  });

  place.start(["chat", "jarvis"]);
  assert.equal(await tony.ended(), 0, tony.stderr);
  assert.match(tony.stdout, /For you, sir, always/);
});

Deno.test("parley chat --brain exec and http answer, and what fails is an error reply", async () => {
  await using place = new Place();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const text = await request.text();
    return text === "fail" ? new Response("out of order", { status: 500 }) : new Response(`web: ${text}`);
  });
  const exec = place.start(["chat", "shell", "--brain", "exec:tr a-z A-Z | grep -v FAIL"]);
  await exec.untilStderr(/shell \(exec:tr/);
  const http = place.start(["chat", "web", "--brain", `http:http://127.0.0.1:${server.addr.port}/`]);
  await http.untilStderr(/web \(http:/);

  const ask = (to: string, text: string) => place.run(["chat", "tony", "--to", to, "--say", text]);
  const [shout, silence, page, failure] = await Promise.all([
    ask("shell", "hello"),
    ask("shell", "fail"),
    ask("web", "hello"),
    ask("web", "fail"),
  ]);
  assert.deepEqual([shout.code, shout.stdout], [0, "HELLO\n"]);
  assert.deepEqual([page.code, page.stdout], [0, "web: hello\n"]);
  assert.equal(silence.code, 1);
  assert.match(silence.stderr, /^parley: shell could not answer: 'tr .*' ended with code 1\n$/);
  assert.equal(failure.code, 1);
  assert.match(failure.stderr, /^parley: web could not answer: http:.* answered 500: out of order\n$/);
});

Deno.test("parley chat: two instances of one name share the requests, each reply reaches who asked", async () => {
  await using place = new Place();
  const first = place.start(["chat", "pepper", "--brain", "exec:sed 's/$/ by first/'"]);
  await first.untilStderr(/answers/);
  const second = place.start(["chat", "pepper", "--brain", "exec:sed 's/$/ by second/'"]);
  await second.untilStderr(/answers/);
  const says = Array.from({ length: 16 }, (_, i) => ["--say", String(i)]).flat();
  const [tony, rhodey] = await Promise.all([
    place.run(["chat", "tony", "--to", "pepper", ...says]),
    place.run([
      "chat",
      "rhodey",
      "--to",
      "pepper",
      ...says.map((word) => word === "--say" ? word : `r${word}`),
    ]),
  ]);
  assert.equal(tony.code, 0, tony.stderr);
  assert.equal(rhodey.code, 0, rhodey.stderr);
  const numbers = (text: string) => text.trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(numbers(tony.stdout), Array.from({ length: 16 }, (_, i) => String(i)));
  assert.deepEqual(numbers(rhodey.stdout), Array.from({ length: 16 }, (_, i) => `r${i}`));
  assert.match(tony.stdout, /by first/);
  assert.match(tony.stdout, /by second/);
});

Deno.test("parley chat jarvis remembers across a restart, and still reminds", async () => {
  await using place = new Place();
  const before = place.start(["chat", "jarvis"]);
  await before.untilStderr(/answers/);
  const tony = place.start(["chat", "tony", "--brain", "human"]);
  await tony.type("remember the armour is red and gold\nremind me in 3s to breathe\n");
  await tony.untilStdout(/In 3 seconds, sir/);
  before.kill("SIGKILL");
  await before.ended();

  const after = place.start(["chat", "jarvis"]);
  await after.untilStderr(/answers/);
  await tony.type("what is the armour?\n");
  await tony.untilStdout(/The armour is red and gold, sir/);
  await tony.untilStdout(/You asked me to remind you, sir: breathe/);
});

Deno.test("parley chat says why it leaves when nobody reads its output any more", async () => {
  await using place = new Place();
  const jarvis = place.start(["chat", "jarvis", "--brain", "echo"]);
  await jarvis.untilStderr(/jarvis \(echo\) answers/);
  const { stdout } = await place.run(["chat", "tony", "--say", "hello"]);
  assert.equal(stdout, "hello\n");
  await jarvis.untilStdout(/^jarvis: hello$/m);
  await jarvis.stopReading();
  await place.run(["chat", "tony", "--say", "again", "--timeout", "1s"]);
  await jarvis.untilStderr(/^parley: jarvis leaves: Nobody reads the output any more$/m);
  assert.equal(await jarvis.ended(), 1);
});
