/**
 * Apache Kafka's stock tools, all in one JVM: see KafkaTools.java. Needs a JDK and what apache_kafka_files.ts needs.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { apacheKafkaFiles } from "./apache_kafka_files.ts";

const SOURCE = fileURLToPath(new URL("./KafkaTools.java", import.meta.url));
/** A tool that has printed nothing for so long hangs. */
const SILENCE_MS = 60_000;
/** Stands between what a tool printed and its exit code. */
const END = "\n\x1e";

/** Where each tool's `main` is, by the name of its script. */
const TOOLS = {
  "kafka-configs": "kafka.admin.ConfigCommand",
  "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
  "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
  "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
  "kafka-consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
  "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
  "kafka-e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
  "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
  "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
  "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
  "kafka-topics": "org.apache.kafka.tools.TopicCommand",
  "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
  "kafka-verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
  "kafka-verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
} as const;

/** What a tool printed, to both of its outputs. */
export interface ToolOutput {
  readonly status: number;
  readonly text: string;
}

/** Whether this machine can compile KafkaTools.java. */
export const hasJdk = await isInstalled("javac") && await isInstalled("mvn");

async function isInstalled(command: string): Promise<boolean> {
  try {
    const args = ["-version"];
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** See the module. Runs come one after another. */
export class KafkaTools implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #rest = "";
  #last: Promise<unknown> = Promise.resolve();

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(): Promise<KafkaTools> {
    const { libs } = await apacheKafkaFiles();
    const quick = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
    // For what a tool leaves to be done at the end of the process.
    const open = ["--add-opens", "java.base/java.lang=ALL-UNNAMED"];
    const log = "-Dorg.slf4j.simpleLogger.defaultLogLevel=off";
    return new KafkaTools(
      new Deno.Command("java", {
        args: [...quick, ...open, log, "-cp", `${libs}/*`, SOURCE],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
  }

  /** Runs a tool, whatever comes of it. `input` is its standard input. */
  run(tool: keyof typeof TOOLS, args: readonly string[], input = ""): Promise<ToolOutput> {
    const mine = this.#last.then(() => this.#run(tool, args, input));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #run(tool: keyof typeof TOOLS, args: readonly string[], input: string): Promise<ToolOutput> {
    const line = [input.replaceAll("\n", "\x1d"), TOOLS[tool], ...args].join("\x1f") + "\n";
    await this.#input.write(new TextEncoder().encode(line));
    for (;;) {
      const at = this.#rest.indexOf(END);
      const end = this.#rest.indexOf("\n", at + END.length);
      if (at !== -1 && end !== -1) {
        const text = this.#rest.slice(0, at);
        const status = Number(this.#rest.slice(at + END.length, end));
        this.#rest = this.#rest.slice(end + 1);
        return { status, text };
      }
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), SILENCE_MS);
      const { value, done } = await this.#output.read().finally(() => clearTimeout(timer));
      if (done) throw new Error(`Cannot run ${tool} as its JVM has ended: it said '${this.#rest}'`);
      this.#rest += value;
    }
  }

  /** Runs a tool. @returns what it printed @throws {Error} with that if it failed */
  async ok(tool: keyof typeof TOOLS, args: readonly string[], input = ""): Promise<string> {
    const { status, text } = await this.run(tool, args, input);
    if (status !== 0) throw new Error(`${tool} ${args.join(" ")} ended with ${status}: ${text}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#process.status;
  }
}
