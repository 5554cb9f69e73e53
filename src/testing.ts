/**
 * A broker for tests: in memory, on a free port of the loopback interface.
 *
 * ```ts ignore
 * import { startBroker } from "@parley/parley/testing";
 *
 * await using broker = await startBroker({ topics: [{ name: "orders", partitions: 3 }] });
 * // broker.address is "127.0.0.1:…": for any Kafka client
 * ```
 *
 * @module
 */
export {
  type Broker,
  type BrokerOptions,
  type InitialTopic,
  type Recovered,
  startBroker,
} from "./broker/broker.ts";
