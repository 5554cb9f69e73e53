/**
 * The topic that a requester's replies come to: its own, as long as it lives.
 *
 * @module
 */
import { Admin } from "../kafka/admin.ts";
import type { Client } from "../kafka/client.ts";

/** Replies are of no use to anybody later. */
const RETENTION_MS = 10 * 60_000;

/** See the module. */
export class ReplyTopic {
  readonly name: string;
  readonly #admin: Admin;
  #isRestoring = false;
  #isDeleted = false;

  constructor(client: Client, name: string) {
    this.name = name;
    this.#admin = Admin.on(client);
  }

  /** Creates it, unless it is there. @throws {KafkaError} as the cluster answers */
  async create(): Promise<void> {
    const config = { "retention.ms": String(RETENTION_MS), "cleanup.policy": "delete" };
    await this.#admin.createTopics([{ topic: this.name, config }]);
  }

  /** Somebody deleted it, or the broker forgot it: it keeps no logs, or is another one now. Never rejects. */
  async restore(): Promise<void> {
    if (this.#isRestoring || this.#isDeleted) return;
    this.#isRestoring = true;
    // What fails is tried again with the reader's next fault.
    await this.create().catch(() => {});
    this.#isRestoring = false;
  }

  /** Deletes it, for good. @throws {KafkaError} as the cluster answers */
  async delete(): Promise<void> {
    this.#isDeleted = true;
    await this.#admin.deleteTopics([this.name]);
  }
}
