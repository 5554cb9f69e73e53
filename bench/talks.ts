/**
 * Requesters and repliers, each in a worker of this process, and the broker to run them on.
 *
 * @module
 */
import { EmbeddedBroker } from "../src/cli/embedded.ts";
import { Admin } from "../src/kafka/admin.ts";
import type { KafkaSettings } from "../src/kafka/settings.ts";
import type { Answers, FromWorker, Talks, ToRepliers, ToRequesters } from "./workers/protocol.ts";

/** A worker that is given a command at a time. */
class CommandedWorker<Command extends { readonly type: keyof Answers }> implements Disposable {
  readonly #worker: Worker;

  constructor(url: URL) {
    this.#worker = new Worker(url, { type: "module" });
  }

  /** @throws {Error} if the worker could not */
  ask<Type extends Command["type"]>(command: Command & { readonly type: Type }): Promise<Answers[Type]> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.type === "done") resolve(data.answer as Answers[Type]);
        else reject(new Error(data.message));
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      this.#worker.postMessage(command);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Talks that go on: one requester and one replier for each topic. */
export class BenchTalks implements AsyncDisposable {
  readonly #repliers = new CommandedWorker<ToRepliers>(new URL("./workers/repliers.ts", import.meta.url));
  readonly requesters = new CommandedWorker<ToRequesters>(
    new URL("./workers/requesters.ts", import.meta.url),
  );

  /** Creates the topics, one partition each. */
  static async createTopics({ settings, topics }: Talks): Promise<void> {
    await using admin = await Admin.connect(settings);
    await admin.createTopics(topics.map((topic) => ({ topic, numPartitions: 1 })));
  }

  /** Starts both sides at once, and resolves when the requesters may call. */
  async start(talks: Talks): Promise<void> {
    const repliers = this.#repliers.ask({ type: "start", ...talks });
    await this.requesters.ask({ type: "start", ...talks });
    await repliers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.requesters.ask({ type: "stop" });
    await this.#repliers.ask({ type: "stop" });
    this.requesters[Symbol.dispose]();
    this.#repliers[Symbol.dispose]();
  }
}

/** An embedded broker in a worker of this process, its log on disk in a temporary folder. */
export class BenchBroker implements AsyncDisposable {
  readonly #broker: EmbeddedBroker;
  readonly #folder: string;
  readonly address: string;

  private constructor(broker: EmbeddedBroker, folder: string, address: string) {
    this.#broker = broker;
    this.#folder = folder;
    this.address = address;
  }

  static async start(): Promise<BenchBroker> {
    const folder = await Deno.makeTempDir({ prefix: "parley-bench-" });
    const listen = { hostname: "127.0.0.1", port: 0 };
    const broker = new EmbeddedBroker({ listen, data: folder }, (line) => console.error(line));
    const attempt = await broker.attempt;
    if (attempt.type === "failed") throw new Error(`Cannot start the embedded broker: ${attempt.message}`);
    return new BenchBroker(broker, folder, attempt.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Settings of a client of `address`. */
export function settingsFor(address: string): KafkaSettings {
  return { bootstrapServers: [address], clientId: "bench", securityProtocol: "PLAINTEXT" };
}

/** A topic that no other run uses. */
export function benchTopic(): string {
  return `bench-${crypto.randomUUID().slice(0, 8)}`;
}
