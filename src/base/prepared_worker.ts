/**
 * A worker whose module loads before it is known what the worker is to be told: a program that will need it starts it
 * first, and finds out the rest meanwhile.
 *
 * @module
 */

const prepared = new Map<string, Worker>();

/** Starts the worker of a module. Who needs one takes it by {@linkcode takeWorker}; one that dies before is forgotten. */
export function prepareWorker(url: URL, name: string): void {
  const worker = new Worker(url, { type: "module", name });
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    prepared.delete(url.href);
  };
  prepared.set(url.href, worker);
}

/** The worker that was prepared for a module, once; else a new one. */
export function takeWorker(url: URL, name: string): Worker {
  const worker = prepared.get(url.href);
  prepared.delete(url.href);
  return worker ?? new Worker(url, { type: "module", name });
}
