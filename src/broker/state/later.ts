/**
 * A value that is there now or will be: a promise without the microtask. Who listens is told in the very call that
 * completes it, which is what a woken fetch needs.
 *
 * @module
 */

/** Who can be asked to complete with what there is. */
export interface Hurried {
  hurry(): void;
}

/**
 * See the module. Completed once; one listener. It keeps nothing that it has passed on: one that waited for long is old to
 * the garbage collector, and would keep what is young alive. For the same reason nothing here writes a function straight
 * into a property: V8 takes such a one for a method, and makes it among the old objects.
 */
export class Later<T> implements Hurried {
  #isCompleted = false;
  /** The value, until there is a listener. */
  #kept: { readonly value: T } | undefined;
  #listener: ((value: T) => void) | Passing<T> | undefined;
  #source: Hurried | undefined;

  /** @param source who makes it complete when it is hurried: someone waits behind it, or nobody waits for it any more */
  constructor(source?: Hurried) {
    this.#source = source;
  }

  /** One that is complete. */
  static of<T>(value: T): Later<T> {
    const later = new Later<T>();
    later.complete(value);
    return later;
  }

  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** Makes it complete with what it has, where that is possible. */
  hurry(): void {
    this.#source?.hurry();
  }

  /** Gives the value. A second one is dropped. */
  complete(value: T): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    this.#source = undefined;
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) this.#kept = { value };
    else if (typeof listener === "function") listener(value);
    else listener.pass(value);
  }

  /** Calls `listener` with the value: at once when it is there. */
  listen(listener: (value: T) => void): void {
    if (this.#kept === undefined) this.#listener = listener;
    else listener(this.#kept.value);
  }

  /** What `change` makes of the value. */
  map<U>(change: (value: T) => U): Later<U> {
    const changed = new Changed(this, change);
    if (this.#kept === undefined) this.#listener = changed;
    else changed.pass(this.#kept.value);
    return changed;
  }
}

/** Who takes a value on. */
interface Passing<T> {
  pass(value: T): void;
}

/** A value made of another: an object, as two closures for each fetch that waits are twice as much to keep. */
class Changed<T, U> extends Later<U> implements Passing<T> {
  readonly #change: (value: T) => U;

  constructor(source: Later<T>, change: (value: T) => U) {
    super(source);
    this.#change = change;
  }

  pass(value: T): void {
    const change = this.#change;
    this.complete(change(value));
  }
}
