/**
 * A proxy between a Kafka client and a broker that keeps what they say to each other, as fixtures for the wire tests.
 *
 * ```
 * deno run --allow-net --allow-read --allow-write tests/support/capture.ts HOST:PORT HOST:PORT FOLDER
 * ```
 *
 * The first address is listened on, the second is the broker's. The broker must advertise the first, or the client goes
 * past the proxy. Of each API and version the largest exchange of at most {@linkcode MAX_EXCHANGE_BYTES} is kept, as
 * `03_metadata_v9_request.hex` and `…_response.hex`: whole frames, their size in front. APIs that src/wire does not
 * have are passed on and not kept. Ends when it is interrupted.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { APIS } from "../../src/wire/apis.ts";
import { FRAME_SIZE_BYTES, readRequestHeader } from "../../src/wire/frame.ts";
import { Reader } from "../../src/wire/reader.ts";

/** Request and response together: what is larger is no good as a fixture. */
const MAX_EXCHANGE_BYTES = 4096;
/** A frame that is longer is not Kafka's: the connection is given up. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const HEX_DIGITS_A_LINE = 96;

/** Where an exchange goes, and its request. */
interface Sent {
  readonly name: string;
  readonly frame: Uint8Array;
}

class Capture {
  readonly #folder: string;
  readonly #keptBytes = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(listen: Deno.ConnectOptions, target: Deno.ConnectOptions): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true });
    for await (const client of Deno.listen({ ...listen, hostname: listen.hostname ?? "127.0.0.1" })) {
      this.#serve(client, target).catch((error) => console.error(`connection: ${error}`));
    }
  }

  async #serve(client: Deno.TcpConn, target: Deno.ConnectOptions): Promise<void> {
    using clientConn = client;
    using brokerConn = await Deno.connect(target);
    const pending = new Map<number, Sent>();
    const toBroker = passOn(clientConn, brokerConn, (frame) => {
      const header = readRequestHeader(new Reader(frame.subarray(FRAME_SIZE_BYTES)));
      const api = APIS.get(header.requestApiKey);
      if (!api?.request.supports(header.requestApiVersion)) return;
      const name = [
        String(header.requestApiKey).padStart(2, "0"),
        api.name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
        `v${header.requestApiVersion}`,
      ].join("_");
      pending.set(header.correlationId, { name, frame });
    });
    const toClient = passOn(brokerConn, clientConn, (frame) => {
      const correlationId = new Reader(frame.subarray(FRAME_SIZE_BYTES)).int32();
      const sent = pending.get(correlationId);
      pending.delete(correlationId);
      if (sent !== undefined) this.#keep(sent, frame);
    });
    // Whoever hangs up first ends both ways: the other's read fails as its connection is closed with this scope.
    await Promise.race([toBroker, toClient]);
  }

  #keep({ name, frame }: Sent, response: Uint8Array): void {
    const sizeBytes = frame.length + response.length;
    if (sizeBytes > MAX_EXCHANGE_BYTES || sizeBytes <= (this.#keptBytes.get(name) ?? 0)) return;
    this.#keptBytes.set(name, sizeBytes);
    Deno.writeTextFileSync(`${this.#folder}/${name}_request.hex`, hexLines(frame));
    Deno.writeTextFileSync(`${this.#folder}/${name}_response.hex`, hexLines(response));
  }
}

/** Copies from one connection to the other until the first ends, and shows each whole frame on its way. */
async function passOn(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  onFrame: (frame: Uint8Array) => void,
): Promise<void> {
  const writer = to.writable.getWriter();
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of from.readable) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < FRAME_SIZE_BYTES) break;
      const end = FRAME_SIZE_BYTES + new Reader(rest).int32();
      if (end > MAX_FRAME_BYTES) throw new RangeError(`Cannot pass on a frame of ${end} bytes`);
      if (rest.length < end) break;
      onFrame(rest.slice(0, end));
      rest = rest.subarray(end);
    }
    await writer.write(chunk);
  }
}

function hexLines(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString("hex").match(new RegExp(`.{1,${HEX_DIGITS_A_LINE}}`, "g")) ?? [];
  return lines.join("\n") + "\n";
}

function address(text: string | undefined): Deno.ConnectOptions {
  const [hostname = "", port = ""] = text?.split(":") ?? [];
  if (hostname === "" || !/^\d+$/.test(port)) {
    throw new TypeError(`Cannot read HOST:PORT: current value is ${text}`);
  }
  return { hostname, port: Number(port) };
}

if (import.meta.main) {
  const [listen, target, folder] = Deno.args;
  if (folder === undefined) {
    console.error("usage: capture.ts HOST:PORT HOST:PORT FOLDER");
    process.exit(2);
  }
  await new Capture(folder).run(address(listen), address(target));
}
