/**
 * A broker for tests: in memory, on a free port of the loopback interface, with faults on purpose and time in hand.
 *
 * ```ts ignore
 * import { FakeClock, startBroker } from "@parley/parley/testing";
 *
 * await using broker = await startBroker({
 *   topics: [{ name: "orders", partitions: 3 }],
 *   faults: [{ api: "Produce", topic: "orders", nth: 2, cut: "after" }],
 * });
 * // broker.address is "127.0.0.1:…": for any Kafka client
 * const slow = broker.faults.add({ api: "Fetch", delayMs: 200 });
 * // … and afterwards
 * console.log(slow.struckCount);
 * broker.faults.clear();
 * ```
 *
 * @module
 */
import * as plain from "./broker/broker.ts";
import { Faults } from "./broker/faults/faults.ts";
import type { FaultRule } from "./broker/faults/rules.ts";

export type { BrokerCounts } from "./broker/counts.ts";
export type { InitialTopic, Recovered } from "./broker/broker.ts";
export { FakeClock } from "./broker/fake_clock.ts";
export { type ActiveFault, Faults } from "./broker/faults/faults.ts";
export type { FaultEffect, FaultRule, FaultScope, FaultTiming } from "./broker/faults/rules.ts";
export { type Clock, systemClock } from "./broker/state/clock.ts";

/** Options of {@linkcode startBroker}. */
export interface BrokerOptions extends Omit<plain.BrokerOptions, "faults"> {
  /** What goes wrong on purpose, from the start. */
  readonly faults?: readonly FaultRule[];
}

/** A broker for a test. */
export interface Broker extends plain.Broker {
  /** What goes wrong on purpose: rules can be added and ended while the broker runs. */
  readonly faults: Faults;
}

/**
 * Starts a broker in this thread.
 *
 * @throws {ConfigError} if a rule is none, with all faults
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const faults = new Faults(options.faults);
  return { ...await plain.startBroker({ ...options, faults }), faults };
}
