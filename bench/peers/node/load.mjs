// The work that every peer does, and the one JSON line that it prints about it. `call(key)` resolves with its reply.
import { readFileSync } from "node:fs";

const WARM_UP = 2_000;

/** The payload of every request: 64 bytes. */
export const PAYLOAD = "x".repeat(64);

/** A topic for requests and one for replies that no other run uses. */
export function topicNames(peer) {
  const requests = `${peer}-${Math.random().toString(36).slice(2, 10)}`;
  return { requests, replies: `${requests}.reply` };
}

/** The version of a package that is installed beside these programs. */
export function versionOf(name) {
  const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}

/** Measures `call` and prints the result. `startedAt`: when the client's first object was made. */
export async function measure({ peer, version, n, startedAt, call }) {
  await call("first");
  const firstReplyMs = performance.now() - startedAt;
  for (let i = 0; i < WARM_UP; i++) await call(`w${i}`);

  const latencies = [];
  const serialStart = performance.now();
  for (let i = 0; i < n; i++) {
    const sentAt = performance.now();
    await call(`s${i}`);
    latencies.push(performance.now() - sentAt);
  }
  const serialMs = performance.now() - serialStart;
  latencies.sort((a, b) => a - b);

  const callsPerS = async (inFlight, total) => {
    let next = 0;
    const lane = async () => {
      while (next < total) await call(`c${inFlight}-${next++}`);
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: inFlight }, lane));
    return total / (performance.now() - start) * 1000;
  };
  console.log(JSON.stringify({
    peer,
    version,
    firstReplyMs,
    serialP50Ms: latencies[Math.floor(n * 0.5)],
    serialP99Ms: latencies[Math.floor(n * 0.99)],
    calls1PerS: n / serialMs * 1000,
    calls64PerS: await callsPerS(64, 20 * n),
    calls512PerS: await callsPerS(512, 40 * n),
  }));
}
