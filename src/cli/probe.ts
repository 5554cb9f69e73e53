/**
 * Whether a Kafka listens at an address, and whether it still does: a connection that is held tells at once when the
 * process at its other end goes away.
 *
 * @module
 */
import { type Address, addressText } from "../config.ts";

/** A Kafka that listens has answered by then, even if it has to recover a log first. */
const ANSWER_MS = 15_000;
/** An ApiVersions request, version 0, without a client id: size, key, version, correlation id, null. */
const API_VERSIONS_REQUEST = new Uint8Array([0, 0, 0, 10, 0, 18, 0, 0, 0x50, 0x61, 0x72, 0x6c, 0xff, 0xff]);
const CORRELATION_ID = API_VERSIONS_REQUEST.subarray(8, 12);
/** A response begins with its size, four bytes, and the correlation id of its request. */
const CORRELATION_AT = 4;

/** A connection to a Kafka. */
export interface Presence extends Disposable {
  /** Resolves when the other end is gone, or this one has been disposed of. */
  readonly gone: Promise<void>;
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
  const close = () => {
    try {
      connection.close();
    } catch {
      // Closed already.
    }
  };
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    close();
  }, ANSWER_MS);
  const head = await ask(connection);
  clearTimeout(timer);
  if (head !== undefined && CORRELATION_ID.every((byte, i) => head[CORRELATION_AT + i] === byte)) {
    return { gone: drain(connection).then(close), [Symbol.dispose]: close };
  }
  close();
  if (head === undefined && !isSilent) return undefined;
  throw new Error(
    `Something at ${
      addressText(address)
    } does not speak Kafka's protocol: name another place with --listen ` +
      "or PARLEY_LISTEN, or a Kafka with KAFKA_BOOTSTRAP_SERVERS",
  );
}

/** @returns the head of the answer; undefined if the connection ends before */
async function ask(connection: Deno.TcpConn): Promise<Uint8Array | undefined> {
  const head = new Uint8Array(CORRELATION_AT + CORRELATION_ID.length);
  try {
    await connection.write(API_VERSIONS_REQUEST);
    for (let at = 0; at < head.length;) {
      const count = await connection.read(head.subarray(at));
      if (count === null) return undefined;
      at += count;
    }
    return head;
  } catch {
    return undefined;
  }
}

/** Reads until the other end is gone. */
async function drain(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1_024);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset, or closed at this end.
  }
}
