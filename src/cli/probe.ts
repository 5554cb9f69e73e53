/**
 * Whether a Kafka listens at an address, which one, and whether it still does: a connection that is held tells at once
 * when the process at its other end goes away.
 *
 * @module
 */
import { within } from "../base/stop.ts";
import { type Address, addressText } from "../config.ts";

/** A Kafka that listens has answered by then, even if it has to recover a log first. */
const ANSWER_MS = 15_000;
/** Kafka closes connections that say nothing for ten minutes (`connections.max.idle.ms`). */
const KEEP_ALIVE_MS = 60_000;
/** What is asked here has small answers. */
const MAX_FRAME_BYTES = 1024 * 1024;
const API_VERSIONS = { apiKey: 18, apiVersion: 0 };
const METADATA = { apiKey: 3, apiVersion: 2 };
/** An array of no topics: only the cluster itself is asked about. */
const NO_TOPICS = new Uint8Array(4);

/** A connection to a Kafka. */
export class Presence implements Disposable {
  /** Resolves when the other end is gone, or this one has been disposed of. */
  readonly gone: Promise<void>;
  readonly #connection: Deno.TcpConn;
  readonly #waiting: { resolve: (frame: Uint8Array) => void; reject: (error: Error) => void }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #correlationId = 0;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.gone = this.#read().catch(() => {}).then(() => this[Symbol.dispose]());
    this.#timer = setInterval(() => void this.hello().catch(() => {}), KEEP_ALIVE_MS);
  }

  /** Asks what is spoken there. @throws {Error} if it is not Kafka's protocol, or the connection ends */
  async hello(): Promise<void> {
    await this.#ask(API_VERSIONS, new Uint8Array(0));
  }

  /** Which cluster it is; undefined if it does not say. @throws {Error} if the connection ends */
  async clusterId(): Promise<string | undefined> {
    const frame = await this.#ask(METADATA, NO_TOPICS);
    const { MetadataResponse } = await import("../wire/messages/03_metadata.ts");
    const { Reader } = await import("../wire/reader.ts");
    return MetadataResponse.decode(new Reader(frame), METADATA.apiVersion).clusterId ?? undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("The connection has ended"));
  }

  /** @returns the answer's body */
  async #ask(api: { apiKey: number; apiVersion: number }, body: Uint8Array): Promise<Uint8Array> {
    const correlationId = ++this.#correlationId;
    // Size, API key, version, correlation id, and no client id: a string of length -1.
    const request = new DataView(new ArrayBuffer(14 + body.length));
    request.setInt32(0, request.byteLength - 4);
    request.setInt16(4, api.apiKey);
    request.setInt16(6, api.apiVersion);
    request.setInt32(8, correlationId);
    request.setInt16(12, -1);
    const bytes = new Uint8Array(request.buffer);
    bytes.set(body, 14);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    // The connection may end while the request is being written: then nobody waits for this yet.
    promise.catch(() => {});
    this.#waiting.push({ resolve, reject });
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
    const frame = await within(promise, ANSWER_MS, () => new NotKafkaError());
    if (new DataView(frame.buffer).getInt32(0) !== correlationId) throw new NotKafkaError();
    return frame.subarray(4);
  }

  /** Until the other end is gone, or says what no Kafka would. */
  async #read(): Promise<void> {
    for (;;) {
      const head = await this.#readExactly(4);
      const sizeBytes = head && new DataView(head.buffer).getInt32(0);
      if (sizeBytes === undefined) return;
      const waiting = this.#waiting.shift();
      if (sizeBytes < 4 || sizeBytes > MAX_FRAME_BYTES) {
        waiting?.reject(new NotKafkaError());
        return;
      }
      const frame = await this.#readExactly(sizeBytes);
      if (frame === undefined) return;
      waiting?.resolve(frame);
    }
  }

  /** @returns undefined if the connection ends before */
  async #readExactly(sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const count = await this.#connection.read(bytes.subarray(at));
      if (count === null) return undefined;
      at += count;
    }
    return bytes;
  }
}

/** What answers is something else. */
class NotKafkaError extends Error {
  override readonly name = "NotKafkaError";
}

/**
 * Connects, and asks whether it is a Kafka.
 *
 * @returns undefined if nothing listens there, or no longer
 * @throws {Error} if something else than a Kafka does
 */
export async function probe(address: Address): Promise<Presence | undefined> {
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect(address);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset) {
      return undefined;
    }
    throw error;
  }
  const presence = new Presence(connection);
  try {
    await presence.hello();
    return presence;
  } catch (error) {
    presence[Symbol.dispose]();
    if (!(error instanceof NotKafkaError)) return undefined;
    throw new Error(
      `Something at ${
        addressText(address)
      } does not speak Kafka's protocol: name another place with --listen ` +
        "or PARLEY_LISTEN, or a Kafka with KAFKA_BOOTSTRAP_SERVERS",
    );
  }
}
