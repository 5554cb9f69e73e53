/**
 * The asking half of a participant, in the main thread: the supervised sender worker, the requests that are on their
 * way, and the figures. A request outlives the worker that carries it: the next one sends it again under the same id,
 * with what is left of its time.
 *
 * @module
 */
import { Histogram } from "../../base/histogram.ts";
import { within } from "../../base/stop.ts";
import { SupervisedWorker } from "../../base/supervised_worker.ts";
import { newId } from "../../toolkit/ids.ts";
import type { FromSender, Member, Start, ToSender } from "./protocol.ts";

/** Requests on their way at the same time; more are refused. */
const MAX_PENDING = 10_000;
/** The worker keeps the deadline; should there be none by then, the main thread does, so much later. */
const DEADLINE_GRACE_MS = 250;
/** A timer cannot be set to more. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** How long the worker has to leave well. */
const CLOSE_MS = 3_000;
/** How long the broker has to say who is there. */
const ASK_MS = 5_000;

/** What came of a request. */
export type Outcome = { readonly id: string; readonly from: string } & (Answered | Unanswered);

/** A reply has come. */
export interface Answered {
  readonly ok: true;
  readonly text: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly rttMs: number;
}

/** No reply has come, or one that says why there is none. */
export interface Unanswered {
  readonly ok: false;
  readonly error: string;
}

/** The figures of `/stats`. */
export interface ChatStats {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Answered after the deadline. */
  readonly late: number;
  /** Not answered by the deadline. */
  readonly lost: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

interface Pending {
  readonly to: string;
  readonly text: string;
  readonly key: string | undefined;
  readonly deadlineMs: number;
  readonly finish: (result: Answered | Unanswered) => void;
  /** Its time is over. */
  readonly expire: () => void;
}

/** Something that the worker is asked, once at a time: who asks meanwhile is told the same. */
class Inquiry<T> {
  #asked: PromiseWithResolvers<T> | undefined;

  ask(post: () => void): Promise<T> {
    if (this.#asked === undefined) {
      this.#asked = Promise.withResolvers();
      post();
    }
    return within(this.#asked.promise, ASK_MS, () => new Error("The broker did not say in time"))
      .finally(() => this.#asked = undefined);
  }

  answer(value: T): void {
    this.#asked?.resolve(value);
  }

  fail(error: Error): void {
    this.#asked?.reject(error);
  }
}

/** See the module. The worker loads at once; it connects with {@linkcode Asking.start}. */
export class Asking implements AsyncDisposable {
  readonly #worker: SupervisedWorker<ToSender, FromSender>;
  readonly #pending = new Map<string, Pending>();
  readonly #rtt = new Histogram();
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #start: Start | undefined;
  #isReady = false;
  #hasBeenReady = false;
  #sent = 0;
  #failed = 0;
  #lost = 0;
  /** Those that earlier workers counted. */
  #lateBefore = 0;
  #lateNow = 0;
  readonly #late = new Inquiry<number>();
  readonly #members = new Inquiry<readonly Member[]>();

  constructor(url: URL, name: string, onTrouble: (message: string) => void) {
    this.#ready.promise.catch(() => {});
    this.#worker = new SupervisedWorker<ToSender, FromSender>({
      url,
      name: `${name}'s sender`,
      init: () => this.#start === undefined ? { type: "load" } : { type: "start", ...this.#start },
      onMessage: (message) => this.#on(message),
      onDown: (reason, restartInMs) => {
        this.#isReady = false;
        this.#lateBefore += this.#lateNow;
        this.#lateNow = 0;
        onTrouble(`The sender has stopped (${reason}); it starts again in ${restartInMs} ms`);
      },
    });
  }

  /** Connects. Resolves when requests can go out; those made before wait until then. */
  start(start: Start): Promise<void> {
    this.#start = start;
    this.#worker.post({ type: "start", ...start });
    return this.#ready.promise;
  }

  /** Sends `text` to the participant `to`. Always resolves, at the latest a little after the deadline. */
  request(
    to: string,
    text: string,
    options: { timeoutMs: number; key?: string | undefined },
  ): Promise<Outcome> {
    const { timeoutMs, key } = options;
    const id = newId();
    if (this.#pending.size >= MAX_PENDING) {
      this.#failed++;
      return Promise.resolve({ id, from: to, ok: false, error: `${MAX_PENDING} requests wait already` });
    }
    this.#sent++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => expire(), Math.min(timeoutMs + DEADLINE_GRACE_MS, MAX_TIMER_MS));
      const finish = (result: Answered | Unanswered) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve({ id, from: to, ...result });
      };
      const expire = () => {
        this.#lost++;
        finish({ ok: false, error: `${to} did not answer within ${timeoutMs / 1_000} s` });
      };
      this.#pending.set(id, { to, text, key, deadlineMs: Date.now() + timeoutMs, finish, expire });
      if (this.#isReady) this.#post(id);
    });
  }

  /** The members of all chats' groups. @throws {Error} if the broker does not say */
  async who(): Promise<readonly Member[]> {
    if (!this.#isReady) throw new Error("There is no Kafka yet: ask again in a moment");
    return await this.#members.ask(() => this.#worker.post({ type: "who" }));
  }

  async stats(): Promise<ChatStats> {
    if (this.#isReady) {
      const asked = this.#late.ask(() => this.#worker.post({ type: "late" }));
      this.#lateNow = await asked.catch(() => this.#lateNow);
    }
    return {
      sent: this.#sent,
      answered: this.#rtt.count,
      failed: this.#failed,
      late: this.#lateBefore + this.#lateNow,
      lost: this.#lost,
      p50Ms: this.#rtt.quantile(0.5),
      p99Ms: this.#rtt.quantile(0.99),
    };
  }

  /** Ends the worker as if it had died: what is on its way is sent again. */
  kill(reason: string): void {
    this.#worker.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#worker.post({ type: "stop" })) {
      await within(this.#stopped.promise, CLOSE_MS, () => new Error()).catch(() => {});
    }
    this.#worker.close();
    for (const { finish } of this.#pending.values()) {
      finish({ ok: false, error: "You left before the answer came" });
    }
  }

  /** Sends one that is on its way, with the time it has left. */
  #post(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { to, text, key, deadlineMs } = pending;
    const timeoutMs = deadlineMs - Date.now();
    if (timeoutMs > 0) this.#worker.post({ type: "request", id, to, text, key, timeoutMs });
  }

  #on(message: FromSender): void {
    switch (message.type) {
      case "ready":
        this.#isReady = true;
        this.#hasBeenReady = true;
        this.#ready.resolve();
        for (const id of this.#pending.keys()) this.#post(id);
        return;
      case "fault":
        if (this.#hasBeenReady) return this.#worker.kill(message.error);
        // Whoever starts it is told, and decides: there is hardly any use in another try.
        this.#worker.close();
        this.#stopped.resolve();
        return this.#ready.reject(new Error(message.error));
      case "reply": {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        const { text, partition, offset, rttMs } = message;
        this.#rtt.add(rttMs);
        return pending.finish({ ok: true, text, partition, offset, rttMs });
      }
      case "failed": {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        if (message.isTimeout) return pending.expire();
        this.#failed++;
        return pending.finish({ ok: false, error: message.error });
      }
      case "who":
        if ("error" in message.members) return this.#members.fail(new Error(message.members.error));
        return this.#members.answer(message.members);
      case "late":
        return this.#late.answer(message.count);
      case "stopped":
        return this.#stopped.resolve();
    }
  }
}
