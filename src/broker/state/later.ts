/**
 * A value that is there now or will be: a promise without the microtask. Who listens is told in the very call that
 * completes it, which is what a woken fetch needs.
 *
 * @module
 */

/**
 * See the module. Completed once; one listener. It keeps nothing that it has passed on: one that waited for long is old to
 * the garbage collector, and would keep what is young alive.
 */
export class Later<T> {
  #isCompleted = false;
  /** The value, until there is a listener. */
  #kept: { readonly value: T } | undefined;
  #listener: ((value: T) => void) | undefined;
  /** Makes it complete with what it has: someone waits behind it, or nobody waits for it any more. */
  hurry: (() => void) | undefined;

  /** One that is complete. */
  static of<T>(value: T): Later<T> {
    const later = new Later<T>();
    later.complete(value);
    return later;
  }

  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** Gives the value. A second one is dropped. */
  complete(value: T): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    this.hurry = undefined;
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) this.#kept = { value };
    else listener(value);
  }

  /** Calls `listener` with the value: at once when it is there. */
  listen(listener: (value: T) => void): void {
    if (this.#kept === undefined) this.#listener = listener;
    else listener(this.#kept.value);
  }

  /** What `change` makes of the value. */
  map<U>(change: (value: T) => U): Later<U> {
    const changed = new Later<U>();
    // A function that is written straight into a property is taken for a method by V8, and made among the old objects: each
    // would keep all that it captures alive until a full collection.
    const hurry = () => this.hurry?.();
    changed.hurry = hurry;
    this.listen((value) => changed.complete(change(value)));
    return changed;
  }
}
