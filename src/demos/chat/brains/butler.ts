/**
 * Jarvis: has real skills that look at the running system, and an opinion on everything else.
 *
 * @module
 */
import { Admin } from "../../../kafka/admin.ts";
import { Client } from "../../../kafka/client.ts";
import { Producer } from "../../../kafka/producer.ts";
import { CHAT_PARTITIONS, FROM_HEADER, memoryTopic, nameFault, requestTopic } from "../names.ts";
import type { BrokerInfo, Start } from "../protocol.ts";
import type { Brain, Question } from "./brain.ts";
import { durationText } from "../duration.ts";
import { Memory } from "./memory.ts";
import { Reminders } from "./reminders.ts";
import { HELP, type Order, readOrder } from "./skills.ts";
import { mirror, smallTalk } from "./small_talk.ts";

/** What a fact's key in the memory begins with. */
const FACT = "fact:";
/** No reminder is taken on for longer. */
const MAX_REMINDER_MS = 366 * 86_400_000;
/** So many topics are listed by name. */
const MAX_TOPICS_SHOWN = 20;

/** What {@linkcode Butler.start} needs besides a participant's own settings. */
export interface ButlerOptions extends Start {
  readonly broker: BrokerInfo;
  readonly onTrouble: (message: string) => void;
}

/** See the module. */
export class Butler implements Brain {
  /** One after the other: "remember" is done before the "what is" that follows it. */
  readonly concurrency = 1;
  /** Which broker there is, as the main thread knows it. */
  broker: BrokerInfo;
  readonly #name: string;
  readonly #admin: Admin;
  readonly #memory: Memory;
  readonly #reminders: Reminders;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    options: ButlerOptions,
    parts: { admin: Admin; memory: Memory; reminders: Reminders; resources: AsyncDisposableStack },
  ) {
    this.#name = options.name;
    this.broker = options.broker;
    this.#admin = parts.admin;
    this.#memory = parts.memory;
    this.#reminders = parts.reminders;
    this.#resources = parts.resources;
  }

  /** Opens the memory and takes up the reminders that are in it. */
  static async start(options: ButlerOptions): Promise<Butler> {
    const { settings, name, instance, onTrouble } = options;
    await using resources = new AsyncDisposableStack();
    const client = resources.use(await Client.connect(settings));
    const admin = Admin.on(client);
    const producer = resources.use(await Producer.on(client));
    const reminders = resources.use(
      new Reminders({
        instance,
        onTrouble,
        deliver: async ({ to, text }) => {
          const topic = requestTopic(to);
          // Who asked may not take messages yet: it waits for them in the topic.
          await admin.createTopics([{ topic, numPartitions: CHAT_PARTITIONS }]);
          await producer.send({
            topic,
            value: `You asked me to remind you, sir: ${text}`,
            headers: { [FROM_HEADER]: name },
          });
        },
      }),
    );
    const memory = resources.use(
      await Memory.open({
        client,
        producer,
        admin,
        topic: memoryTopic(name),
        onChange: (key, value) => reminders.changed(key, value),
      }),
    );
    reminders.begin(memory);
    return new Butler(options, { admin, memory, reminders, resources: resources.move() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  answer(question: Question): Promise<string> {
    return this.#carryOut(readOrder(question.text), question);
  }

  async #carryOut(order: Order, question: Question): Promise<string> {
    switch (order.skill) {
      case "help":
        return HELP;
      case "time":
        return `It is ${new Date().toLocaleTimeString("en-GB")}, sir, on ${
          new Date().toLocaleDateString("en-GB", {
            weekday: "long",
            day: "numeric",
            month: "long",
            year: "numeric",
          })
        }.`;
      case "status":
        return await this.#status();
      case "topics":
        return await this.#topics();
      case "remind":
        return await this.#remind(order.inMs, order.text, question);
      case "remember":
        await this.#memory.set(FACT + order.what, order.value);
        return `Noted, sir: ${mirror(order.what)} is ${mirror(order.value)}.`;
      case "recall":
        return await this.#recall(order.what);
      case "forget":
        await this.#memory.forget(FACT + order.what);
        return `${capital(mirror(order.what))}? I have never heard of it, sir.`;
      case "everything":
        return await this.#everything();
      case "talk":
        return smallTalk(order.said);
    }
  }

  async #status(): Promise<string> {
    const [cluster, topics, lag] = await Promise.all([
      this.#admin.describeCluster(),
      this.#admin.listTopics(),
      this.#admin.groupLag(requestTopic(this.#name), [requestTopic(this.#name)]),
    ]);
    const behind = lag.reduce((sum, partition) => sum + partition.lag, 0n);
    const { address, how, sinceMs } = this.broker;
    const brokers = cluster.brokers.length;
    return [
      `All is well, sir.`,
      `  broker   ${address}, ${how}${brokers > 1 ? `, one of ${brokers}` : ""}`,
      `  since    ${new Date(sinceMs).toLocaleTimeString("en-GB")} (${durationText(Date.now() - sinceMs)})`,
      `  cluster  ${cluster.clusterId ?? "without a name"}`,
      `  topics   ${topics.length}`,
      `  lag      ${behind} record${behind === 1n ? "" : "s"}, this request among them`,
    ].join("\n");
  }

  async #topics(): Promise<string> {
    const topics = (await this.#admin.listTopics()).toSorted();
    const shown = topics.slice(0, MAX_TOPICS_SHOWN).map((topic) => `  ${topic}`);
    const more = topics.length - shown.length;
    return [
      `There ${topics.length === 1 ? "is one topic" : `are ${topics.length} topics`}, sir:`,
      ...shown,
      ...(more > 0 ? [`  … and ${more} more`] : []),
    ].join("\n");
  }

  async #remind(inMs: number, text: string, { id, from }: Question): Promise<string> {
    if (nameFault(from) !== undefined) return "I should be glad to, sir, if I knew whom to remind.";
    if (inMs > MAX_REMINDER_MS) return "That is beyond my planning horizon, sir: a year at most.";
    await this.#reminders.add(id, { to: from, text, dueAtMs: Date.now() + inMs });
    return `In ${durationText(inMs)}, sir. I shall not forget.`;
  }

  async #recall(what: string): Promise<string> {
    await this.#memory.caughtUp();
    const value = this.#memory.get(FACT + what);
    const subject = mirror(what);
    if (typeof value !== "string") {
      return `I have nothing on ${subject}, sir. \`remember ${what} is …\`, and I shall.`;
    }
    return `${capital(subject)} is ${mirror(value)}, sir.`;
  }

  async #everything(): Promise<string> {
    await this.#memory.caughtUp();
    const facts = this.#memory.entries(FACT).filter(([, value]) => typeof value === "string");
    if (facts.length === 0) return "Nothing yet, sir. `remember X is Y`, and I shall.";
    return [
      "What I was told, sir:",
      ...facts.map(([key, value]) => `  ${mirror(key.slice(FACT.length))} is ${mirror(String(value))}`),
    ].join("\n");
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
