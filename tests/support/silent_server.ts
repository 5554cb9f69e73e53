/**
 * A server that takes connections and never answers.
 *
 * @module
 */

/** See the module. */
export class SilentServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #asked = Promise.withResolvers<void>();
  readonly #ends: Promise<void>[] = [];
  readonly #serving = this.#serve();

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Resolves when somebody has sent something. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Resolves when whoever connected so far has hung up. */
  async hungUp(): Promise<void> {
    await Promise.all(this.#ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    await this.hungUp();
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) this.#ends.push(this.#swallow(connection));
  }

  async #swallow(connection: Deno.TcpConn): Promise<void> {
    using _closed = connection;
    const chunk = new Uint8Array(1_024);
    while (await connection.read(chunk).catch(() => null) !== null) this.#asked.resolve();
  }
}
