/**
 * A proxy in front of a real broker of one node, which breaks what it is told to: it swallows or answers with an error,
 * cuts connections, and goes away. It changes the broker's address in what passes, so that clients stay with it.
 *
 * @module
 */

/** Kafka's API keys, as far as tests interfere with them. */
export const API = {
  produce: 0,
  fetch: 1,
  metadata: 3,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
} as const;

/** What becomes of a frame; bytes are the answer that the broker is spared. */
export type Fate = "pass" | "drop" | "cut" | Uint8Array;

/** See the module. Frames are whole, with their size. */
export class FaultProxy implements AsyncDisposable {
  /** Asked for each request. */
  onRequest: (apiKey: number, frame: Uint8Array) => Fate = () => "pass";
  /** Asked for each answer, which it may change. */
  onResponse: (apiKey: number, frame: Uint8Array) => Exclude<Fate, Uint8Array> = () => "pass";
  readonly port: number;
  readonly #target: Deno.ConnectOptions;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #working = new Set<Promise<void>>();
  #listener: Deno.TcpListener | undefined;

  private constructor(target: Deno.ConnectOptions, listener: Deno.TcpListener) {
    this.#target = target;
    this.port = listener.addr.port;
    this.#listen(listener);
  }

  /** A proxy for the broker at `address`. */
  static start(address: string): FaultProxy {
    const at = address.lastIndexOf(":");
    const target = { hostname: address.slice(0, at), port: Number(address.slice(at + 1)) };
    return new FaultProxy(target, Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Breaks every connection, as a broker's death does. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  /** Refuses connections until {@linkcode FaultProxy.comeBack}. */
  goAway(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut();
  }

  comeBack(): void {
    this.#listen(Deno.listen({ hostname: "127.0.0.1", port: this.port }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listener !== undefined) this.goAway();
    await Promise.all(this.#working);
  }

  #listen(listener: Deno.TcpListener): void {
    this.#listener = listener;
    this.#track((async () => {
      try {
        for await (const client of listener) this.#track(this.#serve(client));
      } catch (error) {
        if (this.#listener === listener) throw error;
      }
    })());
  }

  #track(work: Promise<void>): void {
    this.#working.add(work);
    work.finally(() => this.#working.delete(work));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    try {
      const broker = await Deno.connect({ ...this.#target, transport: "tcp" });
      this.#connections.add(broker);
      broker.setNoDelay(true);
      client.setNoDelay(true);
      /** What was asked, by correlation id. */
      const asked = new Map<number, { apiKey: number; version: number }>();
      const end = () => {
        close(client);
        close(broker);
        this.#connections.delete(client);
        this.#connections.delete(broker);
      };
      const forward = async (from: Deno.TcpConn, to: Deno.TcpConn, judge: (frame: Uint8Array) => Fate) => {
        try {
          for await (const frame of frames(from)) {
            const fate = judge(frame);
            if (fate === "cut") break;
            if (fate === "pass") await writeAll(to, frame);
            else if (fate !== "drop") await writeAll(from, fate);
          }
        } catch {
          // One side is gone: so is the other.
        }
        end();
      };
      await Promise.all([
        forward(client, broker, (frame) => {
          const view = new DataView(frame.buffer, frame.byteOffset);
          const apiKey = view.getInt16(4);
          asked.set(view.getInt32(8), { apiKey, version: view.getInt16(6) });
          return this.onRequest(apiKey, frame);
        }),
        forward(broker, client, (frame) => {
          const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(4);
          const request = asked.get(correlationId);
          asked.delete(correlationId);
          if (request === undefined) return "pass";
          this.#readdress(request, frame);
          return this.onResponse(request.apiKey, frame);
        }),
      ]);
    } catch {
      close(client);
      this.#connections.delete(client);
    }
  }

  /** Puts the proxy's port in place of the broker's. The host is the same. */
  #readdress({ apiKey, version }: { apiKey: number; version: number }, frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset);
    if (apiKey === API.metadata && version >= 3) {
      let at = 12; // size, correlation id, throttle time
      const brokers = view.getInt32(at);
      at += 4;
      for (let i = 0; i < brokers; i++) {
        at += 4;
        at += 2 + view.getInt16(at);
        view.setInt32(at, this.port);
        at += 4;
        at += 2 + Math.max(0, view.getInt16(at)); // rack
      }
    } else if (apiKey === API.findCoordinator && version >= 1) {
      let at = 14; // size, correlation id, throttle time, error code
      at += 2 + Math.max(0, view.getInt16(at)); // error message
      at += 4; // node id
      at += 2 + view.getInt16(at);
      view.setInt32(at, this.port);
    }
  }
}

/** Makes a produce answer (version 3 to 7, one partition) tell of an error. */
export function failProduce(frame: Uint8Array, errorCode: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const at = 8 + 4 + 2 + view.getInt16(12) + 4 + 4;
  view.setInt16(at, errorCode);
  view.setBigInt64(at + 2, -1n);
}

async function* frames(from: Deno.TcpConn): AsyncGenerator<Uint8Array> {
  let kept = new Uint8Array(0);
  const chunk = new Uint8Array(64 * 1024);
  for (;;) {
    const read = await from.read(chunk);
    if (read === null) return;
    const bytes = new Uint8Array(kept.length + read);
    bytes.set(kept);
    bytes.set(chunk.subarray(0, read), kept.length);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + new DataView(bytes.buffer).getInt32(at);
      if (end > bytes.length) break;
      yield bytes.slice(at, end);
      at = end;
    }
    kept = bytes.slice(at);
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
