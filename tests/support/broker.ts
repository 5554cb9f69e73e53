/**
 * The broker an integration test talks to: the one named by PARLEY_TEST_BOOTSTRAP (see with_kafka.ts), else an
 * embedded one of the test's own. A test that shares a broker with others uses names of its own: {@linkcode uniqueName}.
 *
 * @module
 */

/** What the tests run on: an embedded broker, or Apache Kafka on one node or three. */
export type BrokerKind = "embedded" | "apache-1" | "apache-3";

/** A running broker. Disposing it stops it if it is the test's own. */
export interface TestBroker extends AsyncDisposable {
  /** `host:port`, one for each node. */
  readonly bootstrapServers: string[];
  readonly kind: BrokerKind;
}

/** The kind that {@linkcode testBroker} gives in this run: for tests that hold on one kind only. */
export function brokerKind(): BrokerKind {
  const kind = Deno.env.get("PARLEY_TEST_KAFKA") ?? "apache-1";
  if (!Deno.env.has("PARLEY_TEST_BOOTSTRAP")) return "embedded";
  if (kind === "apache-1" || kind === "apache-3") return kind;
  throw new RangeError(
    `Cannot run the tests as PARLEY_TEST_KAFKA is neither apache-1 nor apache-3: '${kind}'`,
  );
}

/** A broker to test on. */
export async function testBroker(): Promise<TestBroker> {
  const kind = brokerKind();
  if (kind !== "embedded") {
    const bootstrapServers = (Deno.env.get("PARLEY_TEST_BOOTSTRAP") ?? "").split(",");
    return { bootstrapServers, kind, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { startBroker } = await import("../../src/testing.ts");
  const broker = await startBroker();
  return {
    bootstrapServers: [broker.address],
    kind,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** A name that no other test uses, such as `orders-3f9a1c22`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}
