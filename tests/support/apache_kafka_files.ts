/**
 * Apache Kafka's files, fetched once from Maven Central into the repository's `.cache`. Which versions: pom.xml.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../.cache/kafka-4.3.1", import.meta.url));
const POM = fileURLToPath(new URL("./pom.xml", import.meta.url));

/** Where the files lie. */
export interface ApacheKafkaFiles {
  /** The class path: every jar that the broker and its tools need. */
  readonly libs: string;
  /** Kafka's own definitions of its messages, one JSON file each. */
  readonly definitions: string;
}

/**
 * Apache Kafka's files, fetched if they are not here yet.
 *
 * @throws {Error} with Maven's own words if it could not fetch them
 */
export async function apacheKafkaFiles(): Promise<ApacheKafkaFiles> {
  const files = { libs: `${FOLDER}/libs`, definitions: `${FOLDER}/definitions` };
  if (await exists(FOLDER)) return files;
  // Into a folder of our own, then renamed: what is called FOLDER is always whole, whoever else fetches meanwhile.
  const unfinished = `${FOLDER}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    const { success, stdout, stderr } = await new Deno.Command("mvn", {
      args: ["--batch-mode", "--quiet", "--file", POM, `-Dkafka.folder=${unfinished}`, "generate-resources"],
      stdin: "null",
    }).output();
    if (!success) {
      const decoder = new TextDecoder();
      throw new Error(
        `Cannot fetch Apache Kafka with Maven: ${decoder.decode(stdout)}${decoder.decode(stderr)}`,
      );
    }
    await Deno.rename(unfinished, FOLDER).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists) && !isNotEmpty(error)) throw error;
    });
  } finally {
    await Deno.remove(unfinished, { recursive: true }).catch(() => {});
  }
  return files;
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOTEMPTY";
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
