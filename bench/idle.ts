/**
 * What a participant that hosts the broker costs while nobody says anything.
 *
 * @module
 */
import { sleep } from "../src/base/stop.ts";
import { startParticipant } from "./participant.ts";
import { cpuMs } from "./process.ts";
import { Progress } from "./progress.ts";
import { atMost, report, rounded, showTable } from "./results.ts";

/** Start-up work is over by then. */
const SETTLE_MS = 5_000;
const IDLE_MS = 20_000;

/** Measures, shows the table, and writes the section `idle`. */
export async function benchIdle(): Promise<void> {
  const { participant } = await startParticipant();
  await using _ = participant;
  using progress = new Progress(1);
  progress.begin(`idle for ${(SETTLE_MS + IDLE_MS) / 1000} s`);
  await sleep(SETTLE_MS);
  const before = await cpuMs(participant.pid);
  const startedAt = performance.now();
  await sleep(IDLE_MS);
  const percent = (await cpuMs(participant.pid) - before) / (performance.now() - startedAt) * 100;
  progress.done();
  showTable(["a participant with the broker, idle", "% of a core"], [["20 s", String(rounded(percent))]]);
  await report("idle", { seconds: IDLE_MS / 1000, percentOfACore: rounded(percent) }, [
    atMost("idle, % of a core", percent, 1),
  ]);
}
