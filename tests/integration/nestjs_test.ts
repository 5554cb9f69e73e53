import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ReplyError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { testBroker, uniqueName } from "../support/broker.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

const PEER = fileURLToPath(new URL("../support/nestjs_peer.ts", import.meta.url));

Deno.test("NestJS calls a Replier and is called by a Requester, with answers and errors", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const [served, called] = [uniqueName("nestjs"), uniqueName("parley")];
  {
    await using admin = await Admin.connect(settings);
    await admin.createTopics([served, called, `${called}.reply`].map((topic) => ({ topic })));
  }
  await using _replier = await Replier.start({
    settings,
    topic: called,
    groupId: called,
    handler: (request) => {
      const message = request.json();
      assert.ok(typeof message === "object" && message !== null && "text" in message);
      if (message.text === "fail") throw new Error("no such thing");
      return { answered: message.text };
    },
  });
  await using peer = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-all",
      PEER,
      settings.bootstrapServers[0] ?? "",
      served,
      called,
    ],
    env: { KAFKAJS_NO_PARTITIONER_WARNING: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  const reading = peer.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said += text) }),
  );
  await until(() => said.split("\n").length > 2, 40_000);
  assert.deepEqual(said.trim().split("\n").map((line) => JSON.parse(line)), [
    { reply: { answered: "hello" } },
    { error: "no such thing" },
  ]);

  await using requester = await Requester.start({ settings, replyTopic: `${served}.reply` });
  const ask = (text: string) => requester.request(served, { value: { text } }, { timeoutMs: 20_000 });
  assert.deepEqual((await ask("hello")).json(), { answered: "hello" });
  await assert.rejects(
    ask("fail"),
    (error) => error instanceof ReplyError && /Internal server error/.test(error.message),
  );
  assert.equal(requester.stats().unknown, 0);
  await peer.stdin.close();
  await Promise.all([reading, peer.status]);
});
