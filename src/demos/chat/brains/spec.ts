/**
 * Which brain answers for a participant, as it is written on the command line.
 *
 * @module
 */

/** A brain: a person at the keyboard, or something that answers by itself. */
export type BrainSpec =
  | { readonly kind: "human" }
  | { readonly kind: "butler" }
  | { readonly kind: "echo" }
  | { readonly kind: "exec"; readonly command: string }
  | { readonly kind: "http"; readonly url: string };

/** Every spelling that {@linkcode parseBrain} takes. */
export const BRAIN_SPELLINGS = "human, butler, echo, exec:CMD, http:URL";

/**
 * Reads `human`, `butler`, `echo`, `exec:CMD` or `http:URL`; a bare `http://…` or `https://…` is a URL as well.
 *
 * @throws {TypeError} if it is none of them
 */
export function parseBrain(text: string): BrainSpec {
  switch (text) {
    case "human":
    case "butler":
    case "echo":
      return { kind: text };
  }
  if (text.startsWith("exec:")) {
    const command = text.slice("exec:".length).trim();
    if (command !== "") return { kind: "exec", command };
  }
  if (/^https?:/.test(text)) {
    const url = /^https?:\/\//.test(text) ? text : text.replace(/^http:/, "");
    if (/^https?:\/\//.test(url) && URL.canParse(url)) return { kind: "http", url };
  }
  throw new TypeError(`Cannot choose a brain: '${text}' is none of ${BRAIN_SPELLINGS}`);
}

/** Jarvis is a butler, everybody else a person. */
export function defaultBrain(name: string): BrainSpec {
  return { kind: name === "jarvis" ? "butler" : "human" };
}

/** A brain as it is written. */
export function brainText(brain: BrainSpec): string {
  switch (brain.kind) {
    case "exec":
      return `exec:${brain.command}`;
    case "http":
      return `http:${brain.url}`;
    case "human":
    case "butler":
    case "echo":
      return brain.kind;
  }
}
