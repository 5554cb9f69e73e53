/**
 * A client that speaks Kafka's protocol by the wire room's definitions, one request at a time or several at once: for
 * tests of what a broker answers, and of what it does with bytes that no client sends.
 *
 * @module
 */
import { encodeRequest, readResponseHeader } from "../../src/wire/frame.ts";
import type { Message } from "../../src/wire/message.ts";
import { Reader } from "../../src/wire/reader.ts";
import type { Decoded, Encodable, Fields } from "../../src/wire/schema.ts";

/** How long a test waits for bytes before it fails. */
const READ_TIMEOUT_MS = 10_000;

/** See the module. Answers are matched to requests by their order, and held against the correlation id. */
export class WireClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #correlationId = 0;
  #buffer = new Uint8Array(0);
  #isClosed = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(address: string): Promise<WireClient> {
    const [hostname = "", port = ""] = address.split(":");
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conn.setNoDelay(true);
    return new WireClient(conn);
  }

  /** Sends a request. @returns its correlation id */
  async send<Q extends Fields>(request: Message<Q>, version: number, value: Encodable<Q>): Promise<number> {
    const correlationId = ++this.#correlationId;
    await this.sendRaw(encodeRequest(request, version, { correlationId, clientId: "wire-client" }, value));
    return correlationId;
  }

  /** Reads the next answer, which must be that to `correlationId`. */
  async receive<R extends Fields>(
    response: Message<R>,
    version: number,
    correlationId: number,
  ): Promise<Decoded<R>> {
    const frame = await this.readFrame();
    if (frame === undefined) throw new Error("The broker closed the connection");
    const reader = new Reader(frame);
    const header = readResponseHeader(reader, response, version);
    if (header.correlationId !== correlationId) {
      throw new Error(`The answer to ${correlationId} was expected, that to ${header.correlationId} came`);
    }
    const value = response.decode(reader, version);
    reader.expectEnd();
    return value;
  }

  /** Sends a request and reads its answer. */
  async call<Q extends Fields, R extends Fields>(
    request: Message<Q>,
    response: Message<R>,
    version: number,
    value: Encodable<Q>,
  ): Promise<Decoded<R>> {
    return await this.receive(response, version, await this.send(request, version, value));
  }

  /** Sends bytes as they are. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  /** Sends nothing more, and still reads. */
  async endSending(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** The next frame without its size; undefined when the broker closed the connection. */
  async readFrame(): Promise<Uint8Array | undefined> {
    if (!await this.#fill(4)) return undefined;
    const size = new DataView(this.#buffer.buffer, this.#buffer.byteOffset).getInt32(0);
    if (!await this.#fill(4 + size)) return undefined;
    const frame = this.#buffer.slice(4, 4 + size);
    this.#buffer = this.#buffer.slice(4 + size);
    return frame;
  }

  /** Resolves when the broker has closed the connection; whatever it still sends is dropped. */
  async untilClosed(): Promise<void> {
    while (await this.#fill(this.#buffer.length + 1)) this.#buffer = new Uint8Array(0);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
  }

  /** Reads until so many bytes are there. @returns false when the connection ends before */
  async #fill(length: number): Promise<boolean> {
    const chunk = new Uint8Array(64 * 1024);
    while (this.#buffer.length < length) {
      const n = await this.#read(chunk);
      if (n === null) return false;
      const joined = new Uint8Array(this.#buffer.length + n);
      joined.set(this.#buffer);
      joined.set(chunk.subarray(0, n), this.#buffer.length);
      this.#buffer = joined;
    }
    return true;
  }

  async #read(chunk: Uint8Array): Promise<number | null> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this[Symbol.dispose]();
    }, READ_TIMEOUT_MS);
    try {
      return await this.#conn.read(chunk);
    } catch (error) {
      if (isLate) throw new Error(`The broker sent nothing within ${READ_TIMEOUT_MS} ms`, { cause: error });
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
