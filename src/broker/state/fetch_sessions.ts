/**
 * Fetch sessions (KIP-227): what a consumer fetches is remembered, so that it sends only what has changed, and is
 * answered only with what has.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import type { Clock } from "./clock.ts";
import {
  FetchSession,
  type ForgottenTopic,
  type SessionAnswer,
  type WantedPartition,
} from "./fetch_session.ts";

/** A request without a session. */
const NO_SESSION = 0;
/** Closes the session, if there is one, and opens none. */
const FINAL_EPOCH = -1;
/** Closes the session, if there is one, and opens another. */
const INITIAL_EPOCH = 0;
const MAX_ID = 0x7fff_ffff;

/** A fetch, as far as its session matters. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** Whether topics are named by their ids. */
  readonly isById: boolean;
  readonly wanted: readonly WantedPartition[];
  readonly forgotten: readonly ForgottenTopic[];
}

/** What a fetch is to read, and how that is answered. */
export interface FetchContext {
  readonly isById: boolean;
  readonly wanted: readonly WantedPartition[];
  /** What the topic was called when the session saw it last. */
  topicNameOf(wanted: WantedPartition): string | undefined;
  /** To be called once, with what was read. @returns the session, and which of it goes into the answer */
  finish<A extends SessionAnswer>(answers: readonly A[]): { sessionId: number; answers: readonly A[] };
}

/** Bounds of {@linkcode FetchSessions}. */
export interface FetchSessionsOptions {
  /** Kafka: `max.incremental.fetch.session.cache.slots`. */
  readonly maxSessions: number;
  /** Over all sessions. A fetch that would go beyond it has no session. */
  readonly maxPartitions: number;
  /** A session that was not used for so long makes room for another; so does a smaller one, when it is older. */
  readonly evictionMs: number;
}

/** See the module. */
export class FetchSessions {
  readonly #options: FetchSessionsOptions;
  readonly #clock: Clock;
  /** By id. Their order is not that of their use: a Map that changes with each fetch leaves a chain of old tables behind. */
  readonly #sessions = new Map<number, FetchSession>();
  #partitionsCount = 0;

  constructor(options: FetchSessionsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Partitions, over all sessions. */
  get partitionsCount(): number {
    return this.#partitionsCount;
  }

  /** What a fetch asks for; Kafka's error code where its session does not allow it. */
  begin(request: SessionRequest): FetchContext | number {
    const { sessionId, sessionEpoch, isById, wanted } = request;
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== NO_SESSION) this.#remove(this.#sessions.get(sessionId));
      if (sessionEpoch === FINAL_EPOCH) return new Sessionless(isById, wanted);
      return {
        isById,
        wanted,
        topicNameOf: () => undefined,
        finish: (answers) => ({ sessionId: this.#create(request, answers), answers }),
      };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    if (session.isById !== isById) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    return this.#goOn(session, request);
  }

  #goOn(session: FetchSession, { wanted, forgotten }: SessionRequest): FetchContext | number {
    const before = session.size;
    session.update(wanted, forgotten);
    this.#partitionsCount += session.size - before;
    if (session.size === 0) {
      this.#remove(session);
      return new Sessionless(session.isById, []);
    }
    if (this.#partitionsCount > this.#options.maxPartitions) {
      this.#remove(session);
      return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    }
    session.use(this.#clock.nowMs());
    const all = session.wanted;
    return {
      isById: session.isById,
      wanted: all,
      topicNameOf: (one) => session.topicNameOf(one),
      finish: (answers) => ({ sessionId: session.id, answers: session.changed(all, answers) }),
    };
  }

  /** @returns its id, or that of no session when there is nothing to remember, or no room */
  #create({ isById, wanted }: SessionRequest, answers: readonly SessionAnswer[]): number {
    const { maxPartitions } = this.#options;
    if (wanted.length === 0 || this.#partitionsCount + wanted.length > maxPartitions) return NO_SESSION;
    const nowMs = this.#clock.nowMs();
    if (!this.#makeRoom(wanted.length, nowMs)) return NO_SESSION;
    const session = new FetchSession(this.#newId(), isById, nowMs);
    session.begin(wanted, answers);
    this.#sessions.set(session.id, session);
    this.#partitionsCount += session.size;
    return session.id;
  }

  /** As Kafka: a session that is stale goes, else the smallest of those that are old, if it is smaller. */
  #makeRoom(size: number, nowMs: number): boolean {
    const { maxSessions, evictionMs } = this.#options;
    if (this.#sessions.size < maxSessions) return true;
    let oldest: FetchSession | undefined;
    let smallest: FetchSession | undefined;
    for (const session of this.#sessions.values()) {
      if (oldest === undefined || session.lastUsedMs < oldest.lastUsedMs) oldest = session;
      if (nowMs - session.createdMs <= evictionMs) continue;
      if (smallest === undefined || session.size < smallest.size) smallest = session;
    }
    if (oldest !== undefined && nowMs - oldest.lastUsedMs > evictionMs) return this.#remove(oldest);
    return smallest !== undefined && smallest.size < size && this.#remove(smallest);
  }

  /** @returns true */
  #remove(session: FetchSession | undefined): boolean {
    if (session !== undefined && this.#sessions.delete(session.id)) this.#partitionsCount -= session.size;
    return true;
  }

  /** Any that is not in use: not to be guessed, as whoever knows it can use it. */
  #newId(): number {
    const random = new Uint32Array(1);
    for (;;) {
      const id = (crypto.getRandomValues(random)[0] ?? 0) & MAX_ID;
      if (id !== NO_SESSION && !this.#sessions.has(id)) return id;
    }
  }
}

/** A fetch without a session. A class, as closures would be kept by each fetch that waits. */
class Sessionless implements FetchContext {
  readonly isById: boolean;
  readonly wanted: readonly WantedPartition[];

  constructor(isById: boolean, wanted: readonly WantedPartition[]) {
    this.isById = isById;
    this.wanted = wanted;
  }

  topicNameOf(): undefined {
    return undefined;
  }

  finish<A extends SessionAnswer>(answers: readonly A[]): { sessionId: number; answers: readonly A[] } {
    return { sessionId: NO_SESSION, answers };
  }
}
