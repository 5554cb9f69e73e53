/**
 * Asks a Kafka node for its metadata over a bare socket, so that neither our client nor our codecs are needed to know
 * that a broker is up.
 *
 * @module
 */

const METADATA = 3;
const VERSION = 1;
/** No metadata answer about no topic is longer. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * How many brokers the node at `port` of this machine knows of.
 *
 * @throws {Error} if it does not answer, or closes the connection half-way
 */
export async function brokersKnownTo(port: number): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  // Length, then: api key, version, correlation id 0, client id null, topics: none.
  const request = new DataView(new ArrayBuffer(18));
  request.setInt32(0, 14);
  request.setInt16(4, METADATA);
  request.setInt16(6, VERSION);
  request.setInt16(12, -1);
  await connection.write(new Uint8Array(request.buffer));
  const size = (await readExactly(connection, 4)).getInt32(0);
  if (size < 8 || size > MAX_ANSWER_BYTES) throw new Error(`Not a metadata answer: its length is ${size}`);
  const answer = await readExactly(connection, size);
  return answer.getInt32(4); // after the correlation id: the number of brokers
}

async function readExactly(connection: Deno.Conn, sizeBytes: number): Promise<DataView> {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  while (at < sizeBytes) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Error(`The connection was closed after ${at} of ${sizeBytes} bytes`);
    at += read;
  }
  return new DataView(bytes.buffer);
}
