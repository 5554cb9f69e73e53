/**
 * A worker for the tests of SupervisedWorker: it echoes, and dies when told to.
 *
 * @module
 */
self.onmessage = (event: MessageEvent<string>) => {
  if (event.data === "die") throw new Error("told to die");
  self.postMessage(`echo ${event.data}`);
};
