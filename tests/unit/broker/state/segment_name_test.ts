import assert from "node:assert/strict";
import {
  parseSegmentName,
  segmentIndexName,
  segmentName,
} from "../../../../src/broker/state/segment_name.ts";

Deno.test("segmentName() tells the base offset, and the last one that the segment stands for", () => {
  const alone = { baseOffset: 42n, lastBase: 42n };
  const several = { baseOffset: 42n, lastBase: 9_007_199_254_740_993n };
  assert.equal(segmentName(alone), "00000000000000000042.log");
  assert.equal(segmentName(several), "00000000000000000042-00009007199254740993.log");
  for (const name of [alone, several]) assert.deepEqual(parseSegmentName(segmentName(name)), name);
  assert.equal(segmentIndexName(several), "00000000000000000042.index");
});

Deno.test("parseSegmentName() takes nothing else for a segment's name", () => {
  const digits = "0".repeat(20);
  const names = [
    "",
    ".log",
    "0.log",
    `${digits}.index`,
    `${digits}-.log`,
    `${digits}-1.log`,
    `${digits}.log.new`,
  ];
  for (const name of names) assert.equal(parseSegmentName(name), undefined, name);
});
