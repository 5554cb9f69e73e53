import assert from "node:assert/strict";
import { recordsPerRequest } from "../../../src/kafka/lane.ts";

Deno.test("recordsPerRequest() keeps requests small on a quick broker, and large on a far one", () => {
  assert.equal(recordsPerRequest(0), 16);
  assert.equal(recordsPerRequest(0.2), 40);
  assert.equal(recordsPerRequest(50), 10_000);
});
