/**
 * Records a second that survive a power loss, of many producers who each wait for every acknowledgement: Parley with
 * `--fsync`, Kafka with a flush for each message.
 *
 * @module
 */
import { Progress } from "../progress.ts";
import { atLeast, report, roundedAll, showTable } from "../results.ts";
import { newTopic } from "./brokers.ts";
import { synchronousProducers } from "./clients.ts";
import { Brokers, ratio, stepsOf, TITLES } from "./pair.ts";

const PRODUCERS = 64;
const SECONDS = 5;

/** Measures, shows the table, and writes the section `broker fsync`. */
export async function benchFsync({ rounds }: { rounds: number }): Promise<void> {
  await using brokers = await Brokers.start({ fsync: true });
  using progress = new Progress(stepsOf(rounds));
  const perS = roundedAll({
    ...await brokers.medians(
      "fsync",
      rounds,
      progress,
      async (broker) => synchronousProducers(broker.address, await newTopic(broker), PRODUCERS, SECONDS),
    ),
  });
  showTable([`records/s of ${PRODUCERS} producers, safe`, ""], [
    [TITLES.parley, String(perS.parley)],
    [TITLES.kafka, String(perS.kafka)],
  ]);
  await report("broker fsync", { rounds, producers: PRODUCERS, perS }, [
    atLeast("Parley with --fsync / Kafka with a flush for each message", ratio(perS), 3),
  ]);
}
