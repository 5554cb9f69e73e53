/**
 * Where the worker modules lie: the one list that `new Worker`, `deno compile --include` and the bundle share.
 * It stands beside main.ts and imports nothing, so that the same relative paths hold for the sources, a compiled
 * binary and a bundle (whose entries keep these paths, with `.js` for `.ts`).
 *
 * @module
 */
const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** The module of each worker. */
export const WORKERS = {
  broker: new URL(`./broker/worker.${suffix}`, import.meta.url),
  chatSender: new URL(`./demos/chat/sender_worker.${suffix}`, import.meta.url),
  chatReplier: new URL(`./demos/chat/replier_worker.${suffix}`, import.meta.url),
} as const;
