import assert from "node:assert/strict";
import { ConfigError } from "../../../../src/base/errors.ts";
import { type FaultRule, parseFaultRules } from "../../../../src/broker/faults/rules.ts";
import { Strikes } from "../../../../src/broker/faults/strikes.ts";

function faultsOf(value: unknown): readonly string[] {
  try {
    parseFaultRules(value);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
}

Deno.test("parseFaultRules() takes each kind of fault, with each kind of timing", () => {
  const rules: readonly FaultRule[] = [
    { api: "Produce", topic: "orders", nth: 3, error: "NOT_ENOUGH_REPLICAS" },
    { delayMs: 20, every: 2 },
    { api: "Produce", first: 1, cut: "before" },
    { api: "Produce", probability: 0.5, seed: 7, cut: "after" },
    { group: "g", rebalance: true },
    { topic: "orders", diskFull: true },
    { topic: "orders", leaderMoved: true },
  ];
  assert.equal(parseFaultRules(rules), rules);
});

Deno.test("parseFaultRules() tells all faults at once, each with its place", () => {
  assert.deepEqual(faultsOf(Array(1_001).fill({})), ["rules: there are 1001 rules: 1000 are taken"]);
  assert.deepEqual(faultsOf({}), ["rules: a list of rules is needed, this is a map"]);
  assert.deepEqual(
    faultsOf([
      { api: "Prodcue", error: "NOPE" },
      { api: "Fetch", nth: 0, first: 1, delayMs: -1 },
      "x",
      { topic: "", cut: "after", diskFull: true },
      { seed: 1, rebalance: false },
      { apis: "Fetch", probability: 2 },
      { api: "Heartbeat", topic: "t", cut: "after" },
      { api: "Fetch", group: "g", cut: "after" },
    ]),
    [
      "rules[0].api: 'Prodcue' is no API that Kafka has and we know",
      "rules[0].error: 'NOPE' is no error of Kafka's",
      "rules[1].nth: 0 is not a whole number from 1 up",
      "rules[1].delayMs: -1 is not a whole number of milliseconds, up to 3600000",
      "rules[1]: at most one of nth, every, first, probability is taken, there is nth and first",
      "rules[2]: a rule is needed, this is 'x'",
      "rules[3].topic: '' is not a name",
      "rules[3]: one of error, delayMs, cut, rebalance, diskFull, leaderMoved is needed, there is cut and diskFull",
      "rules[4].rebalance: false is not true: leave it out where it is not wanted",
      "rules[4].seed: it means something with a probability only",
      "rules[5].apis: a rule has no such field: it has api, topic, group, nth, every, first, probability, seed, " +
      "error, delayMs, cut, rebalance, diskFull, leaderMoved",
      "rules[5].probability: 2 is not a number above 0 and up to 1",
      "rules[5]: one of error, delayMs, cut, rebalance, diskFull, leaderMoved is needed, there is none",
      "rules[6].topic: a request of Heartbeat names no topic",
      "rules[7].group: a request of Fetch names no group",
    ],
  );
});

Deno.test("Strikes.next() strikes the nth, every nth, the first n, or all", () => {
  const struck = (timing: ConstructorParameters<typeof Strikes>[0]) => {
    const strikes = new Strikes(timing);
    const hits = [1, 2, 3, 4, 5, 6].filter(() => strikes.next());
    assert.deepEqual([strikes.matchedCount, strikes.struckCount], [6, hits.length]);
    return hits;
  };
  assert.deepEqual(struck({ nth: 2 }), [2]);
  assert.deepEqual(struck({ every: 2 }), [2, 4, 6]);
  assert.deepEqual(struck({ first: 2 }), [1, 2]);
  assert.deepEqual(struck({}), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(struck({ probability: 1 }), [1, 2, 3, 4, 5, 6]);
});

Deno.test("Strikes.next() strikes with its probability, and with the same seed the same requests", () => {
  const ROUNDS = 10_000;
  const hits = (seed: number) => {
    const strikes = new Strikes({ probability: 0.25, seed });
    return Array.from({ length: ROUNDS }, () => strikes.next());
  };
  const first = hits(7);
  assert.deepEqual(hits(7), first);
  assert.notDeepEqual(hits(8), first);
  const share = first.filter(Boolean).length / ROUNDS;
  assert.ok(share > 0.23 && share < 0.27, String(share));
});
