/**
 * What a participant that hosts the broker holds in memory as messages go through it.
 *
 * @module
 */
import { BenchTalks, settingsFor } from "./talks.ts";
import { startParticipant } from "./participant.ts";
import { rssMb } from "./process.ts";
import { Progress } from "./progress.ts";
import { atMost, report, rounded, showTable } from "./results.ts";

const MESSAGES = 100_000;
const CHUNKS = 20;
const IN_FLIGHT = 64;
/** Where a chat's participant is asked. */
const TOPIC = "parley.chat.jarvis";

/** A slope that is no growth: the garbage collector's noise. */
const STEADY_MB = 10;

/** Measures, shows the table, and writes the section `memory`. */
export async function benchMemory(): Promise<void> {
  const { participant, address } = await startParticipant();
  await using _ = participant;
  const asking = new BenchTalks();
  await using __ = asking;
  await asking.requesters.ask({ type: "start", settings: settingsFor(address), topics: [TOPIC] });
  const samples: number[] = [await rssMb(participant.pid)];
  {
    using progress = new Progress(CHUNKS);
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      progress.begin(`${MESSAGES} messages`);
      await asking.requesters.ask({ type: "calls", n: MESSAGES / CHUNKS, inFlight: IN_FLIGHT });
      samples.push(await rssMb(participant.pid));
      progress.done();
    }
  }
  const atEnd = samples.at(-1) ?? NaN;
  // The second half only: caches and heaps are filled by then.
  const slope = slopePerSample(samples.slice(CHUNKS / 2)) * CHUNKS;
  showTable(["a participant with the broker", "RSS MB"], [
    ["at the start", String(rounded(samples[0] ?? NaN))],
    ["after 50,000 messages", String(rounded(samples[CHUNKS / 2] ?? NaN))],
    ["after 100,000 messages", String(rounded(atEnd))],
    ["slope of the second half, per 100,000", String(rounded(slope))],
  ]);
  await report("memory", { messages: MESSAGES, inFlight: IN_FLIGHT, rssMb: samples.map(rounded) }, [
    atMost("RSS after 100,000 messages, MB", atEnd, 160),
    atMost("growth per 100,000 messages, MB", slope, STEADY_MB),
  ]);
}

/** Least squares. */
function slopePerSample(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = values.reduce((sum, value, x) => sum + (x - meanX) * (value - meanY), 0);
  return covariance / values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
}
