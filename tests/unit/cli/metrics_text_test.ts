import assert from "node:assert/strict";
import type { BrokerCounts } from "../../../src/broker/counts.ts";
import { DURATION_BUCKETS_MS } from "../../../src/broker/durations.ts";
import { metricsText } from "../../../src/cli/metrics_text.ts";

const COUNTS: BrokerCounts = {
  connectionsCount: 1,
  connectionsTotal: 2,
  refusedConnectionsTotal: 3,
  receivedBytes: 4,
  sentBytes: 5,
  recordsTotal: 6,
  recordBytes: 7,
  requests: [{ api: "Produce", count: 8 }],
  errors: [{ api: "Fetch", error: "OFFSET_OUT_OF_RANGE", count: 9 }],
  topics: [{ topic: "orders", partitionsCount: 1, sizeBytes: 10 }, {
    topic: undefined,
    partitionsCount: 2,
    sizeBytes: 11,
  }],
  topicsCount: 12,
  partitionsCount: 13,
  offlinePartitionsCount: 14,
  groupsCount: 15,
  durations: [
    { api: "Fetch", buckets: [4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0], sumMs: 500 },
    { api: "Produce", buckets: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], sumMs: 0.5 },
  ],
  syncs: { buckets: [0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], sumMs: 6_000 },
  faults: [],
  residentBytes: 16,
};

Deno.test("metricsText() is Prometheus's text format: each family once, with its type, and every line one sample", () => {
  const lines = metricsText(COUNTS, '1.0"x"\n').trimEnd().split("\n");
  const families = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2]);
  assert.equal(new Set(families).size, families.length);
  for (const line of lines) {
    if (line.startsWith("#")) {
      assert.match(line, /^# (HELP [a-z_]+ [A-Z].*\.|TYPE [a-z_]+ (counter|gauge|histogram))$/);
    } else assert.match(line, /^[a-z_]+(\{[a-z]+="[^"\\\n]*(\\.[^"\\\n]*)*"(,[a-z]+="[^"\n]*")*\})? [\d.]+$/);
  }
  assert.ok(lines.includes(String.raw`parley_build_info{version="1.0\"x\"\n"} 1`));
  assert.ok(
    lines.includes(
      'kafka_network_requestmetrics_errors_total{request="Fetch",error="OFFSET_OUT_OF_RANGE"} 9',
    ),
  );
  assert.ok(lines.includes('kafka_log_log_size{topic="(others)"} 11'));
});

Deno.test("metricsText() has fsyncs as a histogram: buckets that add up, in seconds", () => {
  const lines = metricsText(COUNTS, "1").split("\n").filter((line) => line.startsWith("kafka_log_logflush"));
  const name = "kafka_log_logflushstats_logflush_seconds";
  assert.deepEqual(lines.slice(0, 4), [
    `${name}_bucket{le="0.0001"} 0`,
    `${name}_bucket{le="0.00025"} 1`,
    `${name}_bucket{le="0.0005"} 1`,
    `${name}_bucket{le="0.001"} 3`,
  ]);
  assert.deepEqual(lines.slice(-4), [
    `${name}_bucket{le="5"} 3`,
    `${name}_bucket{le="+Inf"} 4`,
    `${name}_sum 6`,
    `${name}_count 4`,
  ]);
});

Deno.test("metricsText() has how long requests took as one histogram, with the API as a label", () => {
  const name = "kafka_network_requestmetrics_totaltime_seconds";
  const lines = metricsText(COUNTS, "1").split("\n").filter((line) => line.startsWith(name));
  assert.equal(lines.length, 2 * (DURATION_BUCKETS_MS.length + 3));
  assert.equal(lines[1], `${name}_bucket{request="Fetch",le="0.00025"} 5`);
  assert.deepEqual(lines.slice(DURATION_BUCKETS_MS.length, DURATION_BUCKETS_MS.length + 4), [
    `${name}_bucket{request="Fetch",le="+Inf"} 7`,
    `${name}_sum{request="Fetch"} 0.5`,
    `${name}_count{request="Fetch"} 7`,
    `${name}_bucket{request="Produce",le="0.0001"} 1`,
  ]);
});

Deno.test("metricsText() tells how often each rule of faults struck", () => {
  const faults = [{ matchedCount: 5, struckCount: 1 }, { matchedCount: 5, struckCount: 0 }];
  const text = metricsText({ ...COUNTS, faults }, "1");
  assert.match(text, /^parley_faults_struck_total\{rule="0"\} 1\nparley_faults_struck_total\{rule="1"\} 0$/m);
  assert.doesNotMatch(metricsText(COUNTS, "1"), /parley_faults/);
});
