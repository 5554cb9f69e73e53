import assert from "node:assert/strict";
import { includesVersion, parseVersions } from "../../../src/wire/versions.ts";

Deno.test("parseVersions() reads every form of Kafka's notation", () => {
  assert.deepEqual(parseVersions("3+"), { min: 3, max: 32767 });
  assert.deepEqual(parseVersions("0-12"), { min: 0, max: 12 });
  assert.deepEqual(parseVersions("7"), { min: 7, max: 7 });
  assert.deepEqual(parseVersions("none"), { min: 0, max: -1 });
});

Deno.test("includesVersion() counts both ends", () => {
  assert.deepEqual([2, 3, 5, 6].map((version) => includesVersion("3-5", version)), [
    false,
    true,
    true,
    false,
  ]);
  assert.equal(includesVersion("none", 0), false);
});
