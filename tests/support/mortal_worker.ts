/**
 * A worker for the tests of who starts workers: it echoes, says its name when asked, and dies when told to.
 *
 * @module
 */
self.onmessage = (event: MessageEvent<string>) => {
  if (event.data === "die") throw new Error("told to die");
  self.postMessage(event.data === "name" ? `name ${self.name}` : `echo ${event.data}`);
};
