/**
 * A broker as a process of its own, for tests that kill it. Arguments: the data folder, the port. Says
 * `ready HOST:PORT` when it serves, and serves until it is killed.
 *
 * @module
 */
import { startBroker } from "../../src/broker/broker.ts";

const [data, port] = Deno.args;
const broker = await startBroker({ data, listen: { hostname: "127.0.0.1", port: Number(port) } });
console.log(`ready ${broker.address}`);
