/**
 * Request and reply: first reply, latency and calls a second of Parley on its embedded broker with the log on disk;
 * when asked, of Parley and kafkajs on Apache Kafka, and of the peers there.
 *
 * Rounds are interleaved: each runs every client once, beginning with another; what is told is the median.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { describeError } from "../src/base/errors.ts";
import { ApacheKafka } from "../tests/support/apache_kafka.ts";
import { PARLEY_FLAGS } from "../tests/support/task_flags.ts";
import { median } from "./load.ts";
import { KAFKAJS, type Peer, PEERS } from "./peers.ts";
import { FIGURES, type Measured, runProgram } from "./program.ts";
import { Progress } from "./progress.ts";
import { atLeast, atMost, type Mark, report, roundedAll, showTable } from "./results.ts";

/** Options of {@linkcode benchCalls}. */
export interface CallsOptions {
  readonly rounds: number;
  readonly n: number;
  /** Also on Apache Kafka. */
  readonly kafka: boolean;
  /** Also the peers, on Apache Kafka. */
  readonly peers: boolean;
}

interface Client {
  readonly name: string;
  readonly command: readonly string[];
  readonly broker: string;
}

type Figures = Pick<Measured, typeof FIGURES[number]>;

/** A client's medians, or why there are none. */
type Row =
  & { readonly name: string }
  & (
    | { readonly version: string; readonly rounds: number; readonly figures: Figures }
    | { readonly failed: string }
  );

const PARLEY = fileURLToPath(new URL("./parley.ts", import.meta.url));
const PARLEY_COMMAND = [Deno.execPath(), "run", ...PARLEY_FLAGS, PARLEY];
const EMBEDDED = "Parley, embedded";
const ON_KAFKA = "Parley, Apache Kafka";

/** Measures, shows the table, and writes the section `calls`. */
export async function benchCalls(options: CallsOptions): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const clients: Client[] = [{ name: EMBEDDED, command: PARLEY_COMMAND, broker: "embedded" }];
  if (options.kafka || options.peers) {
    const kafka = stack.use(await ApacheKafka.start({ heapMb: 1024 }));
    const broker = kafka.bootstrapServers[0] ?? "";
    clients.push({ name: ON_KAFKA, command: PARLEY_COMMAND, broker });
    const others = await build(options.peers ? [KAFKAJS, ...PEERS] : [KAFKAJS]);
    clients.push(...others.map(({ name, command }) => ({ name, command, broker })));
    // A broker is slow at first: nobody is to be measured on it then.
    for (const { command } of clients) await runProgram(command, broker, 100).catch(() => {});
  }
  const rows = await runRounds(clients, options);
  show(rows);
  const { rounds, n } = options;
  await report("calls", { rounds, n, rows: rows.map(plain) }, marks(rows));
}

async function build(peers: readonly Peer[]): Promise<Peer[]> {
  using progress = new Progress(peers.length);
  const built: Peer[] = [];
  for (const peer of peers) {
    progress.begin(`build ${peer.name}`);
    try {
      await peer.build();
      built.push(peer);
    } catch (error) {
      console.error(`${peer.name} is left out: ${describeError(error)} (it needs ${peer.needs})`);
    }
    progress.done();
  }
  return built;
}

async function runRounds(clients: readonly Client[], { rounds, n }: CallsOptions): Promise<Row[]> {
  using progress = new Progress(rounds * clients.length);
  const measured = new Map<string, Measured[]>(clients.map(({ name }) => [name, []]));
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < clients.length; i++) {
      const client = clients[(i + round) % clients.length];
      if (client === undefined) continue;
      progress.begin(`round ${round + 1}: ${client.name}`);
      try {
        measured.get(client.name)?.push(await runProgram(client.command, client.broker, n));
      } catch (error) {
        failures.set(client.name, describeError(error));
      }
      progress.done();
    }
  }
  return clients.map(({ name }) => {
    const runs = measured.get(name) ?? [];
    if (runs[0] === undefined) return { name, failed: failures.get(name) ?? "it was not run" };
    const of = (figure: keyof Figures) => median(runs.map((run) => run[figure]));
    const figures: Figures = {
      firstReplyMs: of("firstReplyMs"),
      serialP50Ms: of("serialP50Ms"),
      serialP99Ms: of("serialP99Ms"),
      calls1PerS: of("calls1PerS"),
      calls64PerS: of("calls64PerS"),
      calls512PerS: of("calls512PerS"),
      peakRssMb: of("peakRssMb"),
    };
    return { name, version: runs[0].version, rounds: runs.length, figures };
  });
}

function plain(row: Row): Record<string, unknown> {
  return "failed" in row ? row : { ...row, figures: roundedAll({ ...row.figures }) };
}

function show(rows: readonly Row[]): void {
  const head = ["client", "first ms", "p50 ms", "p99 ms", "1 /s", "64 /s", "512 /s", "RSS MB"];
  const cells = rows.map((row) => {
    if ("failed" in row) return [row.name, ...FIGURES.map(() => "–")];
    const figures = roundedAll({ ...row.figures });
    return [row.name, ...FIGURES.map((figure) => figures[figure].toLocaleString("en"))];
  });
  showTable(head, cells);
  for (const row of rows) if ("failed" in row) console.log(`${row.name}: ${row.failed}`);
}

/** What issue 3 asks of these figures, as far as this run has them. */
function marks(rows: readonly Row[]): Mark[] {
  const figures = new Map(rows.flatMap((row) => "failed" in row ? [] : [[row.name, row.figures] as const]));
  const embedded = figures.get(EMBEDDED);
  const onKafka = figures.get(ON_KAFKA);
  const peersP50 = PEERS.flatMap(({ name }) => figures.get(name)?.serialP50Ms ?? []);
  const bestP50 = peersP50.length === 0 ? undefined : Math.min(...peersP50);
  const found: Mark[] = [];
  const ratio = (
    what: string,
    a: number | undefined,
    b: number | undefined,
    judge: typeof atMost,
    mark: number,
  ) => {
    if (a !== undefined && b !== undefined) found.push(judge(what, a / b, mark));
  };
  const nestjs = figures.get("nestjs");
  const spring = figures.get("spring-kafka");
  ratio("Apache Kafka: serial p50 / best peer's", onKafka?.serialP50Ms, bestP50, atMost, 1.3);
  ratio("Apache Kafka: 64 in flight / NestJS", onKafka?.calls64PerS, nestjs?.calls64PerS, atLeast, 8);
  ratio("Apache Kafka: 512 in flight / NestJS", onKafka?.calls512PerS, nestjs?.calls512PerS, atLeast, 8);
  ratio("Apache Kafka: 64 in flight / Spring", onKafka?.calls64PerS, spring?.calls64PerS, atLeast, 2.5);
  ratio("Apache Kafka: 512 in flight / Spring", onKafka?.calls512PerS, spring?.calls512PerS, atLeast, 2.5);
  ratio("embedded: serial p50 / best peer's on Kafka", embedded?.serialP50Ms, bestP50, atMost, 0.6);
  ratio("embedded: serial p99 / p50", embedded?.serialP99Ms, embedded?.serialP50Ms, atMost, 4);
  const franz = figures.get("franz-go");
  const java = figures.get("java-kafka-clients");
  ratio("embedded: 64 in flight / franz-go on Kafka", embedded?.calls64PerS, franz?.calls64PerS, atLeast, 1);
  ratio("embedded: 512 in flight / Java on Kafka", embedded?.calls512PerS, java?.calls512PerS, atLeast, 1);
  return found;
}
