import assert from "node:assert/strict";
import { boundedLog } from "../../../src/cli/bounded_log.ts";

Deno.test("boundedLog() leaves out what comes beyond 10,000 unread lines, and tells how many", async () => {
  const { promise: isRead, resolve: read } = Promise.withResolvers<boolean>();
  const written: string[] = [];
  const log = boundedLog({
    isTerminal: false,
    write(text) {
      written.push(text);
      return isRead;
    },
  }, (text) => `parley: ${text}`);
  for (let i = 0; i < 10_003; i++) log(`${i}`);
  assert.equal(written.length, 10_000);
  read(true);
  await isRead;
  await Promise.resolve();
  assert.deepEqual(written.slice(9_999), [
    "9999\n",
    "parley: 3 lines of the log were left out, as nobody read them in time\n",
  ]);
  log("on");
  assert.equal(written.at(-1), "on\n");
});
