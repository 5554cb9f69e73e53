import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import { WireClient } from "../support/wire_client.ts";

const ROUNDS = 20;
/** Batches that are under way at one time: as many as an idempotent producer may have. */
const IN_FLIGHT = 5;
const TOPIC = "t";

/** A broker process that a test kills. */
class Victim implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly address: string;

  private constructor(child: Deno.ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(data: string): Promise<Victim> {
    const script = new URL("../support/broker_process.ts", import.meta.url);
    const args = [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-read=${data}`,
      `--allow-write=${data}`,
    ];
    const command = new Deno.Command(Deno.execPath(), {
      args: [...args, script.pathname, data, "0"],
      stdout: "piped",
      stderr: "inherit",
    });
    const child = command.spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The broker process ended before it was ready: '${said}'`);
      said += value;
    }
    await reader.cancel();
    return new Victim(child, said.trim().replace("ready ", ""));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // It is dead already.
    }
    await this.#child.status;
  }
}

/** An idempotent producer that goes on where it was, batch by batch, across the deaths of its broker. */
class Load {
  /** Batches that were acknowledged: all up to this one. */
  acknowledged = 0;
  #producerId = -1n;

  batch(sequence: number): Uint8Array {
    return batchOf([`${sequence}`], {
      producerId: this.#producerId,
      producerEpoch: 0,
      baseSequence: sequence,
    });
  }

  /** Sends until the broker dies, and kills it after so many acknowledgements. */
  async run(victim: Victim, killAfter: number): Promise<void> {
    using client = await WireClient.connect(victim.address);
    await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name: TOPIC }] });
    if (this.#producerId < 0n) {
      const init = { transactionalId: null, transactionTimeoutMs: 1 };
      this.#producerId =
        (await client.call(InitProducerIdRequest, InitProducerIdResponse, 4, init)).producerId;
    }
    const end = this.acknowledged + killAfter;
    const sent: number[] = [];
    let next = this.acknowledged;
    try {
      for (;;) {
        while (sent.length < IN_FLIGHT) {
          sent.push(await client.send(ProduceRequest, 9, this.#request(next++)));
        }
        const { responses } = await client.receive(ProduceResponse, 9, sent.shift() ?? 0);
        const answer = responses[0]?.partitionResponses[0];
        assert.equal(answer?.errorCode, ErrorCode.NONE);
        assert.equal(answer?.baseOffset, BigInt(this.acknowledged));
        // In the middle of what is under way.
        if (++this.acknowledged === end) victim.kill();
      }
    } catch (error) {
      if (error instanceof assert.AssertionError || this.acknowledged < end) throw error;
    }
  }

  #request(sequence: number) {
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records: this.batch(sequence) }] }];
    return { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
  }
}

/** All records of the topic, as their values. */
async function readAll(client: WireClient): Promise<string[]> {
  const values: string[] = [];
  for (;;) {
    const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      topics: [{
        topic: TOPIC,
        partitions: [{ partition: 0, fetchOffset: BigInt(values.length), partitionMaxBytes: 1 << 20 }],
      }],
    });
    const content = contentOf(responses[0]?.partitions[0]?.records ?? new Uint8Array());
    if (content.length === 0) return values;
    values.push(...content.map((record) => record.split(":")[1] ?? ""));
  }
}

Deno.test(`Broker loses and doubles nothing that it acknowledged, killed ${ROUNDS} times under load`, async () => {
  const data = await Deno.makeTempDir();
  try {
    const load = new Load();
    for (let round = 0; round < ROUNDS; round++) {
      await using victim = await Victim.start(data);
      await load.run(victim, 20 + 37 * (round % 5));
    }
    await using survivor = await Victim.start(data);
    using client = await WireClient.connect(survivor.address);
    const values = await readAll(client);
    // What was under way at the last kill may be there too, but no gap, and nothing twice.
    assert.deepEqual(values, values.map((_, i) => `${i}`));
    assert.ok(values.length >= load.acknowledged && values.length <= load.acknowledged + IN_FLIGHT);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
