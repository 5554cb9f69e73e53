/**
 * `deno task test:kafka`: the integration suite on a real Apache Kafka, first of one node, with the conformance suite,
 * then of three; then, on three nodes of its own, the talk during which a broker is killed. Further arguments go to
 * `deno test`.
 *
 * @module
 */
import { ApacheKafka } from "./apache_kafka.ts";
import { apacheKafkaFiles } from "./apache_kafka_files.ts";

const CONFORMANCE = "tests/conformance";
const INTEGRATION = "tests/integration";
const FAILOVER = `${INTEGRATION}/kafka_failover_test.ts`;

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Runs `deno test` and counts. A run that ends without a summary counts as one failure. */
async function runTests(kind: "apache-1" | "apache-3", servers: string[], files: string[]): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "test:files", ...Deno.args, ...files],
    env: {
      PARLEY_TEST_KAFKA: kind,
      PARLEY_TEST_BOOTSTRAP: servers.join(","),
      PARLEY_KAFKA_DEFINITIONS: definitions,
      // What is fetched already is not all that tests fetch: see registries.ts.
      CI: "true",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let tail = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text));
    tail = (tail + text).slice(-1_000);
  }
  const { success } = await child.status;
  // `ok | 12 passed (3 steps) | 1 failed | 2 ignored (1s)`.
  const [, passed, failed] = /(\d+) passed.*?\| (\d+) failed/.exec(tail) ?? [];
  const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
  return success || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** A run on a cluster that lives as long as the run. */
async function runOn(nodes: 1 | 3): Promise<Counts> {
  await using kafka = await ApacheKafka.start({ nodes });
  const folders = nodes === 1 ? [CONFORMANCE, INTEGRATION] : [INTEGRATION];
  const ignored = [FAILOVER];
  // Other people's clients judge our broker; one node of Kafka shows that their tests are right.
  if (nodes === 3) {
    for await (const { name } of Deno.readDir(INTEGRATION)) {
      if (name.startsWith("clients_")) ignored.push(`${INTEGRATION}/${name}`);
    }
  }
  return await runTests(`apache-${nodes}`, kafka.bootstrapServers, [
    `--ignore=${ignored.join(",")}`,
    ...folders,
  ]);
}

const { definitions } = await apacheKafkaFiles();
const RUNS: readonly [string, () => Promise<Counts>][] = [
  ["on one node", () => runOn(1)],
  ["on three nodes", () => runOn(3)],
  ["a broker of three killed", () => runTests("apache-3", [], [FAILOVER])],
];

let failed = 0;
for (const [name, run] of RUNS) {
  console.log(`Apache Kafka, ${name}:`);
  const counts = await run();
  console.log(`Apache Kafka, ${name}: ${counts.passed} passed, ${counts.failed} failed`);
  failed += counts.failed;
}
Deno.exitCode = failed === 0 ? 0 : 1;
