import assert from "node:assert/strict";
import { durationText, parseDurationMs } from "../../../src/demos/chat/duration.ts";

Deno.test("parseDurationMs() reads spans as people write them", () => {
  const cases: [string, number][] = [
    ["10s", 10_000],
    ["500ms", 500],
    ["1.5 minutes", 90_000],
    ["1h30m", 5_400_000],
    ["1 hour and 30 minutes", 5_400_000],
    ["2 days", 172_800_000],
    [" 0s ", 0],
  ];
  for (const [text, ms] of cases) assert.equal(parseDurationMs(text), ms, text);
});

Deno.test("parseDurationMs() refuses what is no span", () => {
  for (const text of ["", "10", "s", "-1s", "ten seconds", "10 parsecs", "1e3s", "10s!"]) {
    assert.equal(parseDurationMs(text), undefined, text);
  }
});

Deno.test("durationText() rounds to what matters", () => {
  assert.equal(durationText(850), "850 ms");
  assert.equal(durationText(1_000), "1 second");
  assert.equal(durationText(90_000), "1 minute 30 seconds");
  assert.equal(durationText(90_061_000), "1 day 1 hour");
});
