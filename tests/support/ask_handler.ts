/**
 * A broker's handlers, asked without a socket.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ANONYMOUS, type Api, type BodyWriter, type ClientConnection } from "../../src/broker/api.ts";
import type { BrokerState } from "../../src/broker/state/broker_state.ts";
import { Later } from "../../src/broker/state/later.ts";
import type { Message } from "../../src/wire/message.ts";
import { Reader } from "../../src/wire/reader.ts";
import type { Decoded, Encodable, Fields } from "../../src/wire/schema.ts";
import { Writer } from "../../src/wire/writer.ts";

const CONNECTION: ClientConnection = {
  id: 1,
  principal: ANONYMOUS,
  sasl: undefined,
  groupIds: new Set(),
  remoteHost: "127.0.0.1",
  localHost: "127.0.0.1",
  localPort: 9092,
};

/** What a handler answers, when it does. */
export async function ask<Q extends Fields, R extends Fields>(
  state: BrokerState,
  api: Api,
  [request, response]: [Message<Q>, Message<R>],
  apiVersion: number,
  value: Encodable<Q>,
): Promise<Decoded<R>> {
  const asked = new Writer();
  request.encode(asked, value, apiVersion);
  const context = { state, connection: CONNECTION, apiVersion, clientId: "", askedMs: state.clock.nowMs() };
  const answer = api.serve(new Reader(asked.written()), context) ?? assert.fail("it is not answered");
  const later = answer instanceof Later ? answer : Later.of(answer);
  const write = await new Promise<BodyWriter>((resolve) => later.listen(resolve));
  const answered = new Writer();
  write(answered);
  return response.decode(new Reader(answered.written()), apiVersion);
}
