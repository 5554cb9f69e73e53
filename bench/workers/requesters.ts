/**
 * The worker that requests.
 *
 * @module
 */
import { Requester } from "../../src/toolkit/requester.ts";
import { callsPerS, measureLoad, PAYLOAD, serialMs } from "../load.ts";
import type { Answers, ToRequesters } from "./protocol.ts";
import { serveCommands } from "./serve.ts";

const TIMEOUT_MS = 60_000;
/** Sends without a reply that are on their way at a time. */
const SENDS = 2_000;

const talks: { requester: Requester; topic: string }[] = [];
let turn = 0;

function call(): Promise<unknown> {
  const talk = talks[turn++ % talks.length];
  if (talk === undefined) throw new TypeError("Cannot call before 'start'");
  return talk.requester.request(talk.topic, { value: PAYLOAD }, { timeoutMs: TIMEOUT_MS });
}

async function sendAll(n: number): Promise<void> {
  const talk = talks[0];
  if (talk === undefined) throw new TypeError("Cannot send before 'start'");
  await callsPerS(() => talk.requester.send(talk.topic, { value: PAYLOAD }), SENDS, n);
}

serveCommands<ToRequesters>(async (command): Promise<Answers[keyof Answers]> => {
  switch (command.type) {
    case "start":
      talks.push(
        ...await Promise.all(command.topics.map(async (topic) => {
          const replyTopic = `${topic}.replies`;
          return { requester: await Requester.start({ settings: command.settings, replyTopic }), topic };
        })),
      );
      return undefined;
    case "load":
      return await measureLoad(call, command.n, command.startedAtMs - performance.timeOrigin);
    case "serial":
      return await serialMs(call, command.n);
    case "calls":
      return await callsPerS(call, command.inFlight, command.n);
    case "send":
      await sendAll(command.n);
      return undefined;
    case "stop":
      await Promise.all(talks.map(({ requester }) => requester.close()));
      return undefined;
  }
});
