/**
 * The features that the broker tells of in ApiVersions (KIP-584): what a client or a tool goes by beyond the versions of
 * the APIs. A feature that Kafka has and the broker does not is not in the list: for a client it is then off.
 *
 * @module
 */

/** A feature: the levels that there are, and the one that holds. */
export interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly level: number;
}

/** By Kafka 4.3's names and levels. */
export const FEATURES: readonly Feature[] = [
  { name: "metadata.version", minVersion: 7, maxVersion: 30, level: 30 },
  // Java's producer asks it whether each of its transactions has an epoch of its own (KIP-890).
  { name: "transaction.version", minVersion: 0, maxVersion: 2, level: 2 },
];

/** Counts the changes of the levels. There are none. */
export const FINALIZED_FEATURES_EPOCH = 0n;
