/** confluent-kafka, the Python client on librdkafka: see confluent_client.py. */
import { type PythonScript, runPython } from "./python_script.ts";

const VERSION = "2.16.1";
const SCRIPT: PythonScript = {
  file: "confluent_client.py",
  environment: `confluent-kafka-${VERSION}`,
  packages: [`confluent-kafka==${VERSION}`],
  probe: "import confluent_kafka",
};

export type ConfluentScenario = "compression" | "eager" | "cooperative" | "transactions" | "admin";

/** Runs a scenario. @returns what it printed @throws {Error} with its own words if it failed */
export function confluent(scenario: ConfluentScenario, servers: string, prefix: string): Promise<unknown> {
  return runPython(SCRIPT, [scenario, servers, prefix]);
}
