/**
 * Cases of tests/conformance: what a broker answers to one API, at the oldest, the newest and a middle version that it
 * serves, each on topics and groups of its own. They run on the embedded broker and on Apache Kafka alike:
 *
 * ```ts ignore
 * conform(ListOffsets, "knows no offset behind the end", async ({ ask, newTopic }) => {
 *   const topic = await newTopic();
 *   like(await ask(ListOffsets, offsetsOf(topic, 99n)), { topics: [{ partitions: [{ offset: -1n }] }] });
 * });
 * ```
 *
 * @module
 */
import assert from "node:assert/strict";
import { sleep } from "../../src/base/stop.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import type { Decoded, Encodable, Fields } from "../../src/wire/schema.ts";
import { brokerKind, type TestBroker, testBroker, uniqueName } from "./broker.ts";
import { WireClient } from "./wire_client.ts";
import { Exchange } from "./wire_exchange.ts";
import {
  CreateTopics,
  FindCoordinator,
  InitProducerId,
  ListOffsets,
  OffsetFetch,
  type Pair,
} from "./wire_pairs.ts";

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const COORDINATOR_OF_TRANSACTIONS = 1;
const LATEST = -1n;

/** A topic that a case made. */
export interface Topic {
  readonly name: string;
  readonly topicId: string;
}

/** What {@linkcode Conformance.newTopic} makes. */
export interface NewTopic {
  /** @default {1} */
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** An idempotent or transactional producer's id and epoch. */
export interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/**
 * Asks a broker, in the version under test where the API is the case's, else in the newest.
 */
export type Ask = <Q extends Fields, R extends Fields>(
  api: Pair<Q, R>,
  value: Encodable<Q>,
  version?: number,
) => Promise<Decoded<R>>;

/** What a case has. All its functions may be taken out of it. */
export interface Conformance {
  /** The version under test. */
  readonly version: number;
  /** `host:port`. */
  readonly address: string;
  readonly ask: Ask;
  /** Another connection. */
  readonly connect: () => Promise<Ask>;
  /** Makes a topic, and waits until it can be used. */
  readonly newTopic: (topic?: NewTopic) => Promise<Topic>;
  /** A group id that nobody has used, and whose coordinator answers. */
  readonly newGroup: () => Promise<string>;
  /** A transactional id that nobody has used, and whose coordinator answers. */
  readonly newTransactionalId: () => Promise<string>;
  readonly newProducer: (transactionalId?: string | null) => Promise<ProducerId>;
}

/** Options of {@linkcode conform}. */
export interface ConformOptions {
  /** Why the embedded broker answers otherwise, by design. */
  readonly otherwise?: string;
  /** Only these versions. @default the oldest, a middle and the newest one */
  readonly versions?: readonly number[];
}

/** Declares a case: see the module. */
export function conform<Q extends Fields, R extends Fields>(
  api: Pair<Q, R>,
  text: string,
  fn: (test: Conformance) => Promise<void>,
  { otherwise, versions }: ConformOptions = {},
): void {
  const kind = brokerKind();
  const name = api.request.name.replace(/Request$/, "");
  const ignored = kind === "apache-3" ? "asks one node for all" : kind === "embedded" ? otherwise : undefined;
  Deno.test({
    name: `${name} ${text}${ignored === undefined ? "" : ` (ignored: ${ignored})`}`,
    ignore: ignored !== undefined,
    async fn() {
      await using broker = await testBroker();
      using stack = new DisposableStack();
      const connected = await connect(broker, stack);
      for (const version of versions ?? someOf(connected.versions(api.request))) {
        const test = await conformance(api, version, broker, stack);
        try {
          await fn(test);
        } catch (error) {
          if (error instanceof Error) error.message = `${name} v${version}: ${error.message}`;
          throw error;
        }
      }
    },
  });
}

/** The first, the last and one in the middle. */
function someOf(versions: readonly number[]): readonly number[] {
  assert.ok(versions.length > 0, "the broker says that it does not serve it");
  const at = [0, Math.floor(versions.length / 2), versions.length - 1];
  return versions.filter((_, i) => at.includes(i));
}

async function connect(broker: TestBroker, stack: DisposableStack): Promise<Exchange> {
  return await Exchange.open(stack.use(await WireClient.connect(broker.bootstrapServers[0] ?? "")));
}

async function conformance<Q extends Fields, R extends Fields>(
  tested: Pair<Q, R>,
  version: number,
  broker: TestBroker,
  stack: DisposableStack,
): Promise<Conformance> {
  const another = async (): Promise<Ask> => {
    const exchange = await connect(broker, stack);
    return async ({ request, response }, value, asked) => {
      const newest = exchange.versions(request).at(-1) ?? assert.fail(`${request.name} is not served`);
      const chosen = asked ?? (request.apiKey === tested.request.apiKey ? version : newest);
      return await exchange.call(request, response, chosen, value);
    };
  };
  const ask = await another();

  const newTopic = async ({ partitions = 1, configs = {} }: NewTopic = {}): Promise<Topic> => {
    const name = uniqueName("conform");
    const { topics } = await ask(CreateTopics, {
      topics: [{
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      }],
    }, 7);
    like(topics, [{ errorCode: ErrorCode.NONE }]);
    await until(async () => {
      const every = Array.from(
        { length: partitions },
        (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }),
      );
      const answer = await ask(ListOffsets, { replicaId: -1, topics: [{ name, partitions: every }] }, 7);
      return answer.topics[0]?.partitions.every(({ errorCode }) => errorCode === ErrorCode.NONE) ?? false;
    });
    return { name, topicId: topics[0]?.topicId ?? "" };
  };

  const coordinated = async (key: string, keyType: number): Promise<void> => {
    await until(async () => {
      const { errorCode } = await ask(FindCoordinator, { key, keyType }, 3);
      return errorCode === ErrorCode.NONE;
    });
  };

  const newGroup = async (): Promise<string> => {
    const groupId = uniqueName("conform");
    await coordinated(groupId, 0);
    await until(async () => {
      const { errorCode } = await ask(OffsetFetch, { groupId, topics: null }, 7);
      return errorCode === ErrorCode.NONE;
    });
    return groupId;
  };

  const newTransactionalId = async (): Promise<string> => {
    const transactionalId = uniqueName("conform");
    await coordinated(transactionalId, COORDINATOR_OF_TRANSACTIONS);
    await until(async () => {
      // Of a transactional id that has no producer yet: only whether the coordinator is there.
      const init = { transactionalId, transactionTimeoutMs: 1, producerId: 1n, producerEpoch: 1 };
      const { errorCode } = await ask(InitProducerId, init, 4);
      return errorCode !== ErrorCode.NOT_COORDINATOR && errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    });
    return uniqueName(transactionalId);
  };

  const newProducer = async (transactionalId: string | null = null): Promise<ProducerId> => {
    const init = { transactionalId, transactionTimeoutMs: 60_000 };
    let answer = await ask(InitProducerId, init, 4);
    await until(async () => {
      if (answer.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
        answer = await ask(InitProducerId, init, 4);
      }
      return answer.errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    });
    const { errorCode, producerId, producerEpoch } = answer;
    assert.equal(errorCode, ErrorCode.NONE);
    return { producerId, producerEpoch };
  };

  const address = broker.bootstrapServers[0] ?? "";
  return { version, address, ask, connect: another, newTopic, newGroup, newTransactionalId, newProducer };
}

/** Asks until it holds: what a real broker needs a moment for. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadlineMs = performance.now() + READY_TIMEOUT_MS; !await holds();) {
    assert.ok(performance.now() < deadlineMs, `still not so after ${READY_TIMEOUT_MS} ms`);
    await sleep(POLL_MS);
  }
}

/**
 * Whether `actual` is what `expected` says: fields that it does not name, or names with undefined, may be anything;
 * lists have the same length.
 */
export function like(actual: unknown, expected: unknown): void {
  assert.deepEqual(namedBy(expected, actual), expected);
}

function namedBy(expected: unknown, actual: unknown): unknown {
  if (expected === undefined) return undefined;
  if (typeof expected !== "object" || expected === null || expected instanceof Uint8Array) return actual;
  if (typeof actual !== "object" || actual === null) return actual;
  const values: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(actual));
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return actual;
    return actual.map((value, i) => i < expected.length ? namedBy(expected[i], value) : value);
  }
  return Object.fromEntries(
    Object.entries(expected).map(([name, part]) => [name, namedBy(part, values[name])]),
  );
}
