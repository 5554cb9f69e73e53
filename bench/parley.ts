/**
 * Parley, measured as the peers are: `parley.ts BROKER N` prints one line of JSON. BROKER is an address, or `embedded`
 * for a broker in this process.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { BenchBroker, BenchTalks, benchTopic, settingsFor } from "./talks.ts";

const [address = "embedded", n = "1000"] = Deno.args;
await using stack = new AsyncDisposableStack();
const broker = address === "embedded" ? stack.use(await BenchBroker.start()) : { address };
const talks = { settings: settingsFor(broker.address), topics: [benchTopic()] };
await BenchTalks.createTopics(talks);

const startedAtMs = performance.timeOrigin + performance.now();
const running = stack.use(new BenchTalks());
await running.start(talks);
const load = await running.requesters.ask({ type: "load", n: Number(n), startedAtMs });
console.log(JSON.stringify({ peer: "parley", version: manifest.version, ...load }));
