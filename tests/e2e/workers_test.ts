import assert from "node:assert/strict";
import { Participant, type ParticipantEvent } from "../../src/demos/chat/participant.ts";
import { type Broker, startBroker } from "../../src/testing.ts";
import { WORKERS } from "../../src/workers.ts";
import type { BrainSpec } from "../../src/demos/chat/brains/spec.ts";

const TIMEOUT = { timeoutMs: 20_000 };

/** A participant in this process, and what it has told. */
class Talker implements AsyncDisposable {
  readonly events: ParticipantEvent[] = [];
  readonly participant: Participant;
  onEvent: (event: ParticipantEvent) => void = () => {};

  constructor(name: string, brain: BrainSpec | undefined) {
    this.participant = new Participant({
      name,
      brain,
      workers: { sender: WORKERS.chatSender, replier: WORKERS.chatReplier },
      onEvent: (event) => {
        this.events.push(event);
        this.onEvent(event);
      },
    });
  }

  static async start(broker: Broker, name: string, brain?: BrainSpec): Promise<Talker> {
    const talker = new Talker(name, brain);
    const settings = {
      bootstrapServers: [broker.address],
      clientId: "test",
      securityProtocol: "PLAINTEXT" as const,
    };
    await talker.participant.start(settings, {
      address: broker.address,
      how: "for a test",
      sinceMs: Date.now(),
    });
    return talker;
  }

  get troubles(): string[] {
    return this.events.flatMap((event) => event.type === "trouble" ? [event.message] : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.participant[Symbol.asyncDispose]();
  }
}

/** Asks so much at once that some of it is on its way when a worker dies. */
function askMany(talker: Talker, to: string, count: number) {
  return Array.from({ length: count }, (_, i) => talker.participant.request(to, `question ${i}`, TIMEOUT));
}

Deno.test("Participant.kill() of the sender: what is on its way is sent again, and answered", async () => {
  await using broker = await startBroker();
  await using _pepper = await Talker.start(broker, "pepper", { kind: "echo" });
  await using tony = await Talker.start(broker, "tony");
  await tony.participant.request("pepper", "hello", TIMEOUT);

  const asked = askMany(tony, "pepper", 300);
  tony.participant.kill("sender", "a test kills it");
  const after = tony.participant.request("pepper", "asked while it is down", TIMEOUT);
  const outcomes = await Promise.all([...asked, after]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.ok ? outcome.text : outcome.error),
    [...Array.from({ length: 300 }, (_, i) => `question ${i}`), "asked while it is down"],
  );
  assert.match(
    tony.troubles.join(),
    /^The sender has stopped \(a test kills it\); it starts again in \d+ ms$/,
  );
  const stats = await tony.participant.stats();
  assert.deepEqual([stats.sent, stats.answered, stats.failed, stats.lost], [302, 302, 0, 0]);
});

Deno.test("Participant.kill() of the replier: what it had not answered comes again", async () => {
  await using broker = await startBroker();
  await using pepper = await Talker.start(broker, "pepper", { kind: "echo" });
  await using tony = await Talker.start(broker, "tony");
  await tony.participant.request("pepper", "hello", TIMEOUT);

  const asked = askMany(tony, "pepper", 300);
  pepper.participant.kill("replier", "a test kills it");
  const outcomes = await Promise.all(asked);
  assert.deepEqual(outcomes.filter(({ ok }) => !ok), []);
  assert.match(
    pepper.troubles.join(),
    /^The replier has stopped \(a test kills it\); it starts again in \d+ ms$/,
  );
});

Deno.test("Participant.answerOldest() answers, and a killed replier asks the person again", async () => {
  await using broker = await startBroker();
  await using tony = await Talker.start(broker, "tony", { kind: "human" });
  await using jarvis = await Talker.start(broker, "jarvis");
  const asked = (text: string) =>
    new Promise<void>((resolve) => {
      tony.onEvent = (event) => {
        if (event.type === "asked" && event.text === text) resolve();
      };
    });

  const first = asked("tea?");
  const tea = jarvis.participant.request("tony", "tea?", TIMEOUT);
  await first;
  assert.equal(tony.participant.oldestQuestion?.text, "tea?");
  const again = asked("tea?");
  tony.participant.kill("replier", "a test kills it");
  assert.equal(tony.participant.oldestQuestion, undefined);
  await again;
  tony.participant.answerOldest("yes");
  const outcome = await tea;
  assert.equal(outcome.ok && outcome.text, "yes");
  assert.equal(tony.participant.oldestQuestion, undefined);
});

Deno.test("Participant.request() asks the person once, though a killed sender asks twice", async () => {
  await using broker = await startBroker();
  await using tony = await Talker.start(broker, "tony", { kind: "human" });
  await using jarvis = await Talker.start(broker, "jarvis");
  const asked = new Promise<void>((resolve) => {
    tony.onEvent = (event) => event.type === "asked" && resolve();
  });
  const tea = jarvis.participant.request("tony", "tea?", TIMEOUT);
  await asked;
  jarvis.participant.kill("sender", "a test kills it");
  // Nobody reads this reply any more: the question comes again, and is answered from memory.
  tony.participant.answerOldest("yes");
  const outcome = await tea;
  assert.equal(outcome.ok && outcome.text, "yes");
  assert.equal(tony.events.filter((event) => event.type === "asked" && event.text === "tea?").length, 1);
});

Deno.test("Participant.start() says why it cannot", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using tony = new Talker("tony", undefined);
  const settings = { bootstrapServers: [address], clientId: "test", securityProtocol: "PLAINTEXT" as const };
  const broker = { address, how: "for a test", sinceMs: Date.now() };
  await assert.rejects(tony.participant.start(settings, broker), /connection refused/);
});

Deno.test("Participant.who() tells the members of the chats as the broker sees them", async () => {
  await using broker = await startBroker();
  await using _pepper = await Talker.start(broker, "pepper", { kind: "echo" });
  await using tony = await Talker.start(broker, "tony", { kind: "human" });
  const members = await tony.participant.who();
  assert.deepEqual(
    members.map(({ name, clientId }) => [name, clientId]).toSorted(),
    [["pepper", "parley-chat-pepper"], ["tony", "parley-chat-tony"]],
  );
});
