/**
 * Both brokers, each measured in turn: rounds are interleaved, what is told is the median of each.
 *
 * @module
 */
import { median } from "../load.ts";
import type { Progress } from "../progress.ts";
import { type BrokerName, type BrokerSetting, type MeasuredBroker, startBroker } from "./brokers.ts";

/** A figure of each broker. */
export type Pair<T = number> = Readonly<Record<BrokerName, T>>;

export const NAMES: readonly BrokerName[] = ["parley", "kafka"];
export const TITLES: Pair<string> = { parley: "Parley", kafka: "Apache Kafka" };

/** Both, while they are used. */
export class Brokers implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #brokers = new Map<BrokerName, MeasuredBroker>();

  static async start(setting: BrokerSetting = {}): Promise<Brokers> {
    const brokers = new Brokers();
    try {
      for (const name of NAMES) {
        brokers.#brokers.set(name, brokers.#stack.use(await startBroker(name, setting)));
      }
      return brokers;
    } catch (error) {
      await brokers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The medians of `rounds` of `measure` on each. A round before them, on each, is not counted: both are slow at first. */
  async medians(
    what: string,
    rounds: number,
    progress: Progress,
    measure: (broker: MeasuredBroker) => Promise<number>,
  ): Promise<Pair> {
    const measured: Pair<number[]> = { parley: [], kafka: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const [name, broker] of this.#brokers) {
        progress.begin(`${what}: ${TITLES[name]}`);
        const value = await measure(broker);
        if (round > 0) measured[name].push(value);
        progress.done();
      }
    }
    return { parley: median(measured.parley), kafka: median(measured.kafka) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** How many steps {@linkcode Brokers.medians} takes. */
export function stepsOf(rounds: number): number {
  return (rounds + 1) * NAMES.length;
}

/** Parley's figure as a multiple of Kafka's. */
export function ratio({ parley, kafka }: Pair): number {
  return parley / kafka;
}
