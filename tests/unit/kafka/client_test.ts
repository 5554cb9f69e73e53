import assert from "node:assert/strict";
import { Client } from "../../../src/kafka/client.ts";
import { plainSettings } from "../../support/kafka_settings.ts";

Deno.test("Client.connect() that is given up leaves no connection behind", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const connecting = Client.connect(plainSettings(`127.0.0.1:${silent.addr.port}`), stop.signal);
  using connection = await silent.accept();
  await connection.read(new Uint8Array(1_024));
  stop.abort(new Error("no more"));
  await assert.rejects(connecting, /no more/);
  let read: number | null = 1;
  while (read !== null) read = await connection.read(new Uint8Array(1_024)).catch(() => null);
});
