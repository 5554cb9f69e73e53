/**
 * Whether a call takes longer when there are more participants on a broker, or more records in its log.
 *
 * @module
 */
import { median, quantile } from "./load.ts";
import { Progress } from "./progress.ts";
import { atMost, type Mark, report, roundedAll, showTable } from "./results.ts";
import { BenchBroker, BenchTalks, benchTopic, settingsFor } from "./talks.ts";

const PARTICIPANTS = [1, 10, 100] as const;
const RECORDS = [1_000, 1_000_000] as const;
const WARM_UP = 2_000;

/** Options of {@linkcode benchGrowth}. */
export interface GrowthOptions {
  readonly rounds: number;
  /** Calls that are timed, each round. */
  readonly n: number;
}

/** Measures in interleaved rounds, shows the table, and writes the section `growth`. */
export async function benchGrowth(options: GrowthOptions): Promise<void> {
  const participants = await byParticipants(options);
  const records = await byRecords(options);
  const rows = [
    ...PARTICIPANTS.map((count) => [`${count} participants`, participants[count]]),
    ...RECORDS.map((count) => [`${count.toLocaleString("en")} records in the log`, records[count]]),
  ];
  showTable(["serial p50", "ms"], rows.map(([name, ms]) => [String(name), Number(ms).toFixed(3)]));
  await report(
    "growth",
    { ...options, p50MsByParticipants: roundedAll(participants), p50MsByRecords: roundedAll(records) },
    [growth("participants: slowest / fastest", participants), growth("records: slowest / fastest", records)],
  );
}

/** On a new broker each time: participants who have left are not to be counted. Calls go to each of them in turn. */
async function byParticipants({ rounds, n }: GrowthOptions): Promise<Record<string, number>> {
  using progress = new Progress(rounds * PARTICIPANTS.length);
  const measured = new Map<number, number[]>(PARTICIPANTS.map((count) => [count, []]));
  for (let round = 0; round < rounds; round++) {
    for (const count of PARTICIPANTS) {
      progress.begin(`${count} participants`);
      await using broker = await BenchBroker.start();
      await using talks = await startTalks(broker, count);
      measured.get(count)?.push(await p50Ms(talks, n));
      progress.done();
    }
  }
  return medians(measured);
}

/** Two talks on one broker, each with a log of its own; they are measured in turn. */
async function byRecords({ rounds, n }: GrowthOptions): Promise<Record<string, number>> {
  using progress = new Progress(RECORDS.length * (1 + rounds));
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await BenchBroker.start());
  const measured = new Map<number, number[]>();
  const all = new Map<number, BenchTalks>();
  for (const count of RECORDS) {
    progress.begin(`fill a log with ${count} records`);
    const talks = stack.use(await startTalks(broker, 1));
    await talks.requesters.ask({ type: "send", n: count });
    measured.set(count, []);
    all.set(count, talks);
    progress.done();
  }
  for (let round = 0; round < rounds; round++) {
    for (const [count, talks] of all) {
      progress.begin(`${count} records`);
      measured.get(count)?.push(await p50Ms(talks, n));
      progress.done();
    }
  }
  return medians(measured);
}

async function startTalks(broker: BenchBroker, count: number): Promise<BenchTalks> {
  const topics = Array.from({ length: count }, benchTopic);
  const all = { settings: settingsFor(broker.address), topics };
  await BenchTalks.createTopics(all);
  const talks = new BenchTalks();
  await talks.start(all);
  return talks;
}

async function p50Ms(talks: BenchTalks, n: number): Promise<number> {
  await talks.requesters.ask({ type: "serial", n: WARM_UP });
  return quantile(await talks.requesters.ask({ type: "serial", n }), 0.5);
}

function medians(measured: ReadonlyMap<number, readonly number[]>): Record<string, number> {
  return Object.fromEntries([...measured].map(([count, values]) => [count, median(values)]));
}

function growth(what: string, p50s: Record<string, number>): Mark {
  const values = Object.values(p50s);
  return atMost(what, Math.max(...values) / Math.min(...values), 1.3);
}
