/**
 * What a log is opened with where nothing but the log itself is looked at.
 *
 * @module
 */
import type { LoggedBatch, LogState } from "../../src/broker/state/log_state.ts";

/** Knows nothing. */
export const NO_STATE: LogState = {
  restore: () => true,
  visit() {},
  snapshot: () => new Uint8Array(),
};

/** Knows the base offset of each batch. */
export class OffsetsState implements LogState {
  #offsets: bigint[] = [];

  get offsets(): readonly bigint[] {
    return this.#offsets;
  }

  restore(snapshot: Uint8Array | undefined): boolean {
    this.#offsets = [];
    if (snapshot === undefined) return true;
    const offsets = Array.from(new TextDecoder().decode(snapshot).split(",").filter((text) => text !== ""));
    if (!offsets.every((text) => /^\d+$/.test(text))) return false;
    this.#offsets = offsets.map(BigInt);
    return true;
  }

  visit({ header }: LoggedBatch): void {
    this.#offsets.push(header.baseOffset);
  }

  /** What the owner of a log does at an append. */
  note(baseOffset: bigint): void {
    this.#offsets.push(baseOffset);
  }

  snapshot(): Uint8Array {
    return new TextEncoder().encode(this.#offsets.join(","));
  }
}
