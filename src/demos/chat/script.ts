/**
 * A talk without a terminal: lines that are given are sent, the replies printed in their order.
 *
 * @module
 */
import type { Outcome } from "./asking.ts";
import type { Participant } from "./participant.ts";

/** Lines of a pipe that are on their way, or answered and not printed, at the same time. */
const MAX_IN_FLIGHT = 64;

/** Options of {@linkcode sayAll} and {@linkcode sendLines}. */
export interface ScriptOptions {
  readonly participant: Participant;
  readonly peer: string;
  readonly timeoutMs: number;
  /** Resolves when it is written. */
  readonly print: (outcome: Outcome) => Promise<void>;
  readonly signal: AbortSignal;
}

/** How a script went. */
export interface ScriptResult {
  readonly sent: number;
  readonly failed: number;
}

/** Says one thing after the other, each when the one before has been answered. */
export async function sayAll(texts: readonly string[], options: ScriptOptions): Promise<ScriptResult> {
  const { participant, peer, timeoutMs, print, signal } = options;
  let failed = 0;
  let sent = 0;
  for (const text of texts) {
    if (signal.aborted) break;
    const outcome = await participant.request(peer, text, { timeoutMs });
    sent++;
    if (!outcome.ok) failed++;
    await print(outcome);
  }
  return { sent, failed };
}

/**
 * Sends each line as it comes, without waiting for the reply to the one before. All go to one partition, so they are
 * answered in their order; the replies are printed in it too. Empty lines are not sent.
 */
export async function sendLines(lines: AsyncIterable<string>, options: ScriptOptions): Promise<ScriptResult> {
  const { participant, peer, timeoutMs, print, signal } = options;
  const inFlight: Promise<void>[] = [];
  let failed = 0;
  let sent = 0;
  /** Prints are chained, so that each begins after those before it. */
  let last = Promise.resolve({ printed: Promise.resolve() });
  for await (const line of lines) {
    if (signal.aborted) break;
    if (line.trim() === "") continue;
    const outcome = participant.request(peer, line, { timeoutMs, key: participant.instance });
    sent++;
    last = last.then(async () => {
      const result = await outcome;
      if (!result.ok) failed++;
      return { printed: print(result) };
    });
    inFlight.push(last.then(({ printed }) => printed));
    if (inFlight.length >= MAX_IN_FLIGHT) await inFlight.shift();
  }
  await Promise.all(inFlight);
  return { sent, failed };
}
