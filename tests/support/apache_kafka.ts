/**
 * A real Apache Kafka for tests and benchmarks: KRaft nodes, each broker and controller, on free ports of this
 * machine, with their data in a temporary folder. Needs Java 17 and Maven; OpenSSL for listeners that encrypt.
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
import {
  CERTIFIED_HOST,
  type KafkaUser,
  SECURE_PROTOCOLS,
  secureListeners,
  type SecureProtocol,
} from "./apache_kafka_security.ts";
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
  /** Whom the listeners SSL, SASL_PLAINTEXT and SASL_SSL are for. They are only there if he is. */
  readonly user?: KafkaUser;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly securePorts: ReadonlyMap<SecureProtocol, number>;
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
  /** The authority of the nodes' certificates, as PEM text; empty without a user. */
  readonly ca: string;
  #startMs = 0;

  private constructor(nodes: readonly Node[], folder: string, libs: string, heapMb: number, ca: string) {
    this.#nodes = nodes;
    this.#folder = folder;
    this.#libs = libs;
    this.#heapMb = heapMb;
    this.ca = ca;
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
    const { nodes: count = 1, heapMb = 512, config = {}, user } = options;
    const folder = await Deno.makeTempDir({ prefix: "parley-kafka-" });
    const secure = user && await secureListeners(folder, user);
    const protocols = secure === undefined ? [] : SECURE_PROTOCOLS;
    const [ports, controllerPorts, ...securePorts] = freePorts(2 + protocols.length, count);
    const voters = controllerPorts?.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(",") ?? "";
    const nodes = (ports ?? []).map((port, i): Node => ({
      id: i + 1,
      port,
      securePorts: new Map(protocols.map((protocol, p) => [protocol, securePorts[p]?.[i] ?? 0])),
      properties: `${folder}/node-${i + 1}.properties`,
      logFile: `${folder}/node-${i + 1}.log`,
      process: undefined,
    }));
    const kafka = new ApacheKafka(nodes, folder, libs, heapMb, secure?.ca ?? "");
    try {
      for (const [i, { id, port, securePorts, properties }] of nodes.entries()) {
        const plain = `PLAINTEXT://127.0.0.1:${port}`;
        const at = (host: string) => [...securePorts].map(([name, port]) => `${name}://${host}:${port}`);
        const settings = {
          ...serverProperties(count),
          ...secure?.config,
          ...config,
          "node.id": String(id),
          "controller.quorum.voters": voters,
          "listeners": [plain, `CONTROLLER://127.0.0.1:${controllerPorts?.[i]}`, ...at("127.0.0.1")].join(
            ",",
          ),
          "advertised.listeners": [plain, ...at(CERTIFIED_HOST)].join(","),
          "log.dirs": `${folder}/node-${id}`,
        };
        const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
        await Deno.writeTextFile(properties, lines.join(""));
      }
      const clusterId = crypto.randomUUID().replaceAll("-", "").slice(0, 22);
      await Promise.all(nodes.map((node) => kafka.#format(node, clusterId, secure?.formatArgs ?? [])));
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

  /** `host:port` of a listener of the first node: by the name in its certificate, which is the one it gives out. */
  address(protocol: SecureProtocol): string {
    return `${CERTIFIED_HOST}:${this.#node(1).securePorts.get(protocol)}`;
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

  async #format(node: Node, clusterId: string, more: readonly string[]): Promise<void> {
    const args = [
      "kafka.tools.StorageTool",
      "format",
      "--cluster-id",
      clusterId,
      "--config",
      node.properties,
      ...more,
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
    "listener.security.protocol.map":
      "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
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

/** `rows` of `columns` ports that are free now: all are held at once, so that they differ. */
function freePorts(rows: number, columns: number): number[][] {
  using stack = new DisposableStack();
  const port = () => stack.use(Deno.listen({ hostname: "127.0.0.1", port: 0 })).addr.port;
  return Array.from({ length: rows }, () => Array.from({ length: columns }, port));
}

async function tail(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "no log was written");
  return text.trim().split("\n").slice(-5).join("; ");
}
