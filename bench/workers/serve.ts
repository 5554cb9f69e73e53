/**
 * A worker's side of the protocol.
 *
 * @module
 */
import { describeError } from "../../src/base/errors.ts";
import type { Answers, FromWorker } from "./protocol.ts";

/** Does each command after the one before, and answers it. */
export function serveCommands<Command>(act: (command: Command) => Promise<Answers[keyof Answers]>): void {
  let last: Promise<void> = Promise.resolve();
  const answer = async (command: Command) => {
    try {
      post({ type: "done", answer: await act(command) });
    } catch (error) {
      post({ type: "failed", message: describeError(error) });
    }
  };
  self.onmessage = (event: MessageEvent<Command>) => {
    last = last.then(() => answer(event.data));
  };
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
