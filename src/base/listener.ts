/**
 * Listeners are told of things, and have no say in them: what one throws is shown on stderr, where it is seen whether
 * or not a log was set up, and whoever tells goes on as if it had returned.
 *
 * @module
 */

/**
 * `listen`, made safe to call in the midst of work; `name` is the option that its owner knows it by. A promise that it
 * returns is not awaited, its rejection shown as well.
 */
export function safeListener<Args extends readonly unknown[]>(
  name: string,
  listen: ((...args: Args) => unknown) | undefined,
): (...args: Args) => void {
  const show = (error: unknown) => console.error(`The listener '${name}' failed:`, error);
  return (...args) => {
    try {
      const told = listen?.(...args);
      if (told instanceof Promise) told.catch(show);
    } catch (error) {
      show(error);
    }
  };
}
