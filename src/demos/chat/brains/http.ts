/**
 * Has a web service answer: the message goes there by POST as plain text, the body that comes back is the reply. A
 * status other than 2xx is an error reply.
 *
 * @module
 */
import { describeError } from "../../../base/errors.ts";
import type { Brain } from "./brain.ts";

/** Requests on their way to the service at the same time. */
const CONCURRENCY = 16;
/** A service that takes longer is given up, even if the asker waits longer. */
const MAX_WAIT_MS = 60_000;
/** What a reply may hold. */
const MAX_BODY_BYTES = 1_000_000;
/** So much of an error's body is told to the asker. */
const MAX_REASON_CHARACTERS = 300;

/** See the module. */
export function httpBrain(url: string): Brain {
  return {
    concurrency: CONCURRENCY,
    answer: ({ text, from, id }, signal) => post(url, text, { "parley-from": from, "parley-id": id }, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Posts `text` to `url`.
 *
 * @returns the body of the answer
 * @throws {Error} if there is no answer, or one that is not 2xx
 */
export async function post(
  url: string,
  text: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MAX_WAIT_MS)]);
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      method: "POST",
      body: text,
      headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
      signal: limit,
    });
    body = await bodyText(response);
  } catch (error) {
    if (limit.aborted) throw new Error(`${url} took too long`);
    throw new Error(`Cannot ask ${url}: ${describeError(error)}`);
  }
  if (!response.ok) {
    const reason = body.trim().slice(0, MAX_REASON_CHARACTERS);
    throw new Error(`${url} answered ${response.status}${reason === "" ? "" : `: ${reason}`}`);
  }
  return body;
}

async function bodyText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_BODY_BYTES) throw new RangeError(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
