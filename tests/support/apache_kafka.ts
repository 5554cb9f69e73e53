/**
 * A real Apache Kafka for tests and benchmarks: KRaft nodes, each broker and controller, on free ports of this
 * machine, with their data in a temporary folder. Needs Java 17 and Maven.
 *
 * ```ts
 * await using kafka = await ApacheKafka.start({ nodes: 3 });
 * await kafka.kill(2);
 * ```
 *
 * @module
 */
import { sleep } from "../../src/base/stop.ts";
import { apacheKafkaFiles } from "./apache_kafka_files.ts";
import { brokersKnownTo } from "./kafka_probe.ts";

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
/** Somebody else may take a free port before Kafka does: then all is started anew, so many times. */
const ATTEMPTS = 3;

/** Options of {@linkcode ApacheKafka.start}. */
export interface ApacheKafkaOptions {
  /** @default {1} */
  readonly nodes?: 1 | 3;
  /** The heap of each node, in MiB. @default {512} */
  readonly heapMb?: number;
  /** Settings of server.properties that replace our own. */
  readonly config?: Readonly<Record<string, string>>;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly properties: string;
  readonly logFile: string;
  process: Deno.ChildProcess | undefined;
}

/** A running cluster. Nodes are numbered from 1. */
export class ApacheKafka implements AsyncDisposable {
  readonly #nodes: readonly Node[];
  readonly #folder: string;
  readonly #libs: string;
  readonly #heapMb: number;
  #startMs = 0;

  private constructor(nodes: readonly Node[], folder: string, libs: string, heapMb: number) {
    this.#nodes = nodes;
    this.#folder = folder;
    this.#libs = libs;
    this.#heapMb = heapMb;
  }

  /**
   * Fetches Kafka if need be, formats the nodes' folders, starts them, and resolves when every node knows of all.
   *
   * @throws {Error} with the end of a node's log if it does not come up
   */
  static async start(options: ApacheKafkaOptions = {}): Promise<ApacheKafka> {
    const { libs } = await apacheKafkaFiles();
    for (let attempt = 1;; attempt++) {
      const kafka = await ApacheKafka.#prepare(libs, options);
      try {
        await kafka.#startAll();
        return kafka;
      } catch (error) {
        await kafka.stop();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  static async #prepare(libs: string, options: ApacheKafkaOptions): Promise<ApacheKafka> {
    const { nodes: count = 1, heapMb = 512, config = {} } = options;
    const folder = await Deno.makeTempDir({ prefix: "parley-kafka-" });
    const ports = freePorts(2 * count);
    const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[count + i]}`).join(
      ",",
    );
    const nodes: Node[] = [];
    for (let i = 0; i < count; i++) {
      const id = i + 1;
      const port = ports[i] ?? 0;
      const properties = `${folder}/node-${id}.properties`;
      const settings = { ...serverProperties(count), ...config };
      const own = {
        "node.id": String(id),
        "controller.quorum.voters": voters,
        "listeners": `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${ports[count + i]}`,
        "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
        "log.dirs": `${folder}/node-${id}`,
      };
      const lines = Object.entries({ ...settings, ...own }).map(([key, value]) => `${key}=${value}\n`);
      await Deno.writeTextFile(properties, lines.join(""));
      nodes.push({ id, port, properties, logFile: `${folder}/node-${id}.log`, process: undefined });
    }
    const kafka = new ApacheKafka(nodes, folder, libs, heapMb);
    try {
      const clusterId = crypto.randomUUID().replaceAll("-", "").slice(0, 22);
      await Promise.all(nodes.map((node) => kafka.#format(node, clusterId)));
    } catch (error) {
      await kafka.stop();
      throw error;
    }
    return kafka;
  }

  /** `host:port` of every node, also of one that was killed. */
  get bootstrapServers(): string[] {
    return this.#nodes.map((node) => `127.0.0.1:${node.port}`);
  }

  /** From the first process started to the last node's first metadata answer, formatting not counted. */
  get startMs(): number {
    return this.#startMs;
  }

  /** The process id of a node that runs. */
  pid(id: number): number | undefined {
    return this.#node(id).process?.pid;
  }

  /** Ends a node with SIGKILL. Its data stay. */
  async kill(id: number): Promise<void> {
    const { process } = this.#node(id);
    process?.kill("SIGKILL");
    await process?.status;
    this.#node(id).process = undefined;
  }

  /** Starts a killed node on its old port and data; resolves when it knows of all nodes that run. */
  async restart(id: number): Promise<void> {
    const node = this.#node(id);
    if (node.process !== undefined) {
      throw new RangeError(`Cannot restart a node as it still runs: current value is ${id}`);
    }
    this.#spawn(node);
    await this.#untilUp(node, this.#nodes.filter(({ process }) => process !== undefined).length);
  }

  /** Ends all nodes and removes what they wrote. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ id }) => this.kill(id)));
    await Deno.remove(this.#folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startAll(): Promise<void> {
    const startedAt = performance.now();
    for (const node of this.#nodes) this.#spawn(node);
    await Promise.all(this.#nodes.map((node) => this.#untilUp(node, this.#nodes.length)));
    this.#startMs = performance.now() - startedAt;
  }

  #spawn(node: Node): void {
    node.process = this.#java(node.logFile, ["kafka.Kafka", node.properties]).spawn();
  }

  async #format(node: Node, clusterId: string): Promise<void> {
    const args = [
      "kafka.tools.StorageTool",
      "format",
      "--cluster-id",
      clusterId,
      "--config",
      node.properties,
    ];
    const { success } = await this.#java(node.logFile, args).output();
    if (!success) {
      throw new Error(`Cannot format node ${node.id} of Apache Kafka: ${await tail(node.logFile)}`);
    }
  }

  #java(logFile: string, args: string[]): Deno.Command {
    const log = [
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      `-Dorg.slf4j.simpleLogger.logFile=${logFile}`,
    ];
    return new Deno.Command("java", {
      args: [`-Xmx${this.#heapMb}m`, ...log, "-cp", `${this.#libs}/*`, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
  }

  async #untilUp(node: Node, brokers: number): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    let ended = false;
    node.process?.status.then(() => ended = true);
    while (await brokersKnownTo(node.port).catch(() => 0) < brokers) {
      if (ended || performance.now() > deadline) {
        const why = ended ? "it ended" : `no answer within ${START_TIMEOUT_MS} ms`;
        throw new Error(`Cannot start node ${node.id} of Apache Kafka: ${why}: ${await tail(node.logFile)}`);
      }
      await sleep(POLL_MS);
    }
  }

  #node(id: number): Node {
    const node = this.#nodes[id - 1];
    if (node === undefined) throw new RangeError(`There is no such node: current value is ${id}`);
    return node;
  }
}

function serverProperties(nodes: 1 | 3): Record<string, string> {
  const replicas = String(nodes);
  const minIsr = nodes === 3 ? "2" : "1";
  return {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": replicas,
    "min.insync.replicas": minIsr,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": minIsr,
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    // A killed node is noticed in 3 s rather than 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
  };
}

/** Ports that are free now: all are held at once, so that they differ. */
function freePorts(count: number): number[] {
  using stack = new DisposableStack();
  return Array.from({ length: count }, () => {
    const listener = stack.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    return listener.addr.port;
  });
}

async function tail(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "no log was written");
  return text.trim().split("\n").slice(-5).join("; ");
}
