/**
 * What a butler can be asked to do, read from a line of text.
 *
 * @module
 */
import { parseDurationMs } from "../duration.ts";

/** What was asked for. */
export type Order =
  | { readonly skill: "help" | "time" | "status" | "topics" | "everything" }
  | { readonly skill: "remember"; readonly what: string; readonly value: string }
  | { readonly skill: "recall"; readonly what: string }
  | { readonly skill: "forget"; readonly what: string }
  | { readonly skill: "remind"; readonly inMs: number; readonly text: string }
  | { readonly skill: "talk"; readonly said: string };

/** What `help` says. */
export const HELP = [
  "I can be of use with the following, sir:",
  "  time                      what the clock says",
  "  status                    which broker, since when, topics, lag",
  "  topics                    the topics there are",
  "  remind me in 10s to …     a word from me, unasked, when it is due",
  "  remember X is Y           I keep it, also across a restart",
  "  what is X                 what I was told of it",
  "  forget X                  as if it had never been said",
  "  what do you remember      all of it",
  "  help                      this",
  "Anything else I shall simply have an opinion on.",
].join("\n");

/** Reads an order. What is none is talk. */
export function readOrder(line: string): Order {
  const text = line.trim().replace(/^(?:jarvis|please)[,:!]?\s+/i, "");
  const plain = text.replace(/[\s.!?]+$/, "").replace(/[,\s]+(?:please|jarvis)$/i, "");
  if (/^(?:help|what can you do)$/i.test(plain)) return { skill: "help" };
  if (/^(?:the )?(?:time|date)$|^what(?:'s| is) the (?:time|date)$|^what time is it(?: now)?$/i.test(plain)) {
    return { skill: "time" };
  }
  if (/^(?:status|report|what(?:'s| is) (?:the|your) status|status report)$/i.test(plain)) {
    return { skill: "status" };
  }
  if (/^(?:(?:list|show)(?: me)?(?: the)? )?topics$/i.test(plain)) return { skill: "topics" };
  if (/^what do you (?:remember|know)$/i.test(plain)) return { skill: "everything" };
  const remind = /^remind me in (.+?) (?:to|that|about|of) (.+)$/is.exec(plain);
  if (remind !== null) {
    const inMs = parseDurationMs(remind[1] ?? "");
    if (inMs !== undefined) return { skill: "remind", inMs, text: remind[2] ?? "" };
  }
  const remember = /^remember(?: that)? (.+?) (?:is|are|=) (.+)$/is.exec(plain);
  if (remember !== null) {
    return { skill: "remember", what: subject(remember[1] ?? ""), value: remember[2] ?? "" };
  }
  const recall = /^(?:what|who|where|when)(?:'s| is| are|'re) (.+)$/is.exec(plain);
  if (recall !== null) return { skill: "recall", what: subject(recall[1] ?? "") };
  const forget = /^forget(?: about)? (.+)$/is.exec(plain);
  if (forget !== null) return { skill: "forget", what: subject(forget[1] ?? "") };
  return { skill: "talk", said: text };
}

/** What something is filed under: `The Suit` and `the  suit` are one thing. */
function subject(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}
