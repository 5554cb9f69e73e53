/**
 * How long a peer may keep a connection waiting: one deadline, which moves with what the peer does. It has a time to say
 * who it is, a time to go on with a frame that it began, a time to take its answers, and a time to be silent.
 *
 * @module
 */
import type { Limits } from "./limits.ts";
import type { Clock } from "./state/clock.ts";
import type { Deadlines, Due } from "./state/deadlines.ts";

/** A frame that comes has Limits.frameStallMs for each so many bytes of it. */
const FRAME_PIECE_BYTES = 1024 * 1024;

/** What is watched, by what; the limits are those that are in force when the connection begins. */
export interface ConnectionWatchOptions {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly limits: Pick<
    Limits,
    "authenticationMs" | "connectionIdleMs" | "frameStallMs" | "writeStallMs"
  >;
  /** Who is asked and has not said yet who it is has one time for all of it. */
  readonly client: { readonly isKnown: boolean };
  /** Whether the first frame is to come in the time for authentication, also of a client that is not asked. */
  readonly isEncrypted: boolean;
  /** The time is over. The watch ends, unless it is begun anew. */
  readonly onOver: () => void;
}

/** See the module. Begins with the first frame that is awaited. */
export class ConnectionWatch implements Due {
  deadlineMs: number;
  dueIndex = -1;
  readonly #options: ConnectionWatchOptions;
  /** By when more of the frame that was begun is to be there. */
  #frameDueMs = Infinity;
  #framePieces = 0;

  constructor(options: ConnectionWatchOptions) {
    const { clock, deadlines, limits, client, isEncrypted } = options;
    this.#options = options;
    const isToProveItself = !client.isKnown || isEncrypted;
    this.deadlineMs = clock.nowMs() + (isToProveItself ? limits.authenticationMs : limits.connectionIdleMs);
    deadlines.add(this);
  }

  /** Whether the frame that was begun did not come on in time. */
  get isFrameOverdue(): boolean {
    return this.#options.clock.nowMs() >= this.#frameDueMs;
  }

  /** A frame came whole. @returns when, by the clock's milliseconds */
  frameCame(): number {
    this.#framePieces = 0;
    this.#frameDueMs = Infinity;
    const { clock, limits, client } = this.#options;
    const nowMs = clock.nowMs();
    if (client.isKnown) this.deadlineMs = nowMs + limits.connectionIdleMs;
    return nowMs;
  }

  /** So many bytes of a frame are there: it is to come on, however long the peer may otherwise be silent. */
  frameAwaited(pendingBytes: number): void {
    const pieces = Math.ceil(pendingBytes / FRAME_PIECE_BYTES);
    if (pieces === this.#framePieces) return;
    this.#framePieces = pieces;
    if (pieces === 0) return;
    const { clock, deadlines, limits: { frameStallMs, connectionIdleMs }, client } = this.#options;
    this.#frameDueMs = clock.nowMs() + Math.min(frameStallMs, connectionIdleMs);
    this.deadlineMs = client.isKnown ? this.#frameDueMs : Math.min(this.deadlineMs, this.#frameDueMs);
    deadlines.add(this);
  }

  /** No more is read for now. It is not the peer that keeps the rest of a frame back, but it may take no answers. */
  paused(isToTakeAnswers: boolean): void {
    this.#framePieces = 0;
    this.#frameDueMs = Infinity;
    const { writeStallMs, connectionIdleMs } = this.#options.limits;
    this.restart(isToTakeAnswers ? writeStallMs : connectionIdleMs);
  }

  /** The peer takes its answers, however slowly: it has the whole time again. */
  answersTaken(): void {
    const { clock, limits } = this.#options;
    this.deadlineMs = Math.max(this.deadlineMs, clock.nowMs() + limits.writeStallMs);
  }

  /** The time is over in `ms` from now. @default the time to be silent */
  restart(ms = this.#options.limits.connectionIdleMs): void {
    this.deadlineMs = this.#options.clock.nowMs() + ms;
    this.#options.deadlines.add(this);
  }

  /** Watches no more. */
  stop(): void {
    this.#options.deadlines.delete(this);
  }

  onDeadline(): void {
    this.#options.onOver();
  }
}
