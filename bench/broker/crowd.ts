/**
 * Connections that are held while something else is measured: each is a consumer's, with a long poll that is answered
 * and asked again.
 *
 * @module
 */
import { encodeRequest, FRAME_SIZE_BYTES } from "../../src/wire/frame.ts";
import { FetchRequest } from "../../src/wire/messages/01_fetch.ts";

/** Spoken by both brokers; topics by name. */
const FETCH_VERSION = 12;
const MAX_WAIT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

/** `count` connections, each of which polls two partitions of an empty `topic`. */
export class Crowd implements AsyncDisposable {
  readonly #connections: Deno.TcpConn[] = [];
  readonly #polling: Promise<void>[] = [];

  static async gather(address: string, topic: string, partitions: number, count: number): Promise<Crowd> {
    const crowd = new Crowd();
    const at = address.lastIndexOf(":");
    const target = { hostname: address.slice(0, at), port: Number(address.slice(at + 1)) };
    for (let i = 0; i < count; i++) {
      const connection = await Deno.connect(target);
      crowd.#connections.push(connection);
      crowd.#polling.push(poll(connection, topic, [(2 * i) % partitions, (2 * i + 1) % partitions]));
    }
    return crowd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await Promise.all(this.#polling);
  }
}

async function poll(connection: Deno.TcpConn, topic: string, partitions: readonly number[]): Promise<void> {
  const frame = encodeRequest(FetchRequest, FETCH_VERSION, { correlationId: 1, clientId: "crowd" }, {
    maxWaitMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    topics: [{
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        // The end: nothing is written here.
        fetchOffset: 0n,
        partitionMaxBytes: MAX_BYTES,
      })),
    }],
  });
  const chunk = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      await connection.write(frame);
      let left = await readSize(connection);
      while (left > 0) {
        const n = await connection.read(chunk.subarray(0, Math.min(left, chunk.length)));
        if (n === null) return;
        left -= n;
      }
    }
  } catch {
    // Closed: by us at the end, or by the broker, which the measuring client then notices too.
  }
}

async function readSize(connection: Deno.TcpConn): Promise<number> {
  const bytes = new Uint8Array(FRAME_SIZE_BYTES);
  for (let at = 0; at < bytes.length;) {
    const n = await connection.read(bytes.subarray(at));
    if (n === null) throw new Error("closed");
    at += n;
  }
  return new DataView(bytes.buffer).getInt32(0);
}
