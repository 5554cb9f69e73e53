/** kafka-python and aiokafka, clients written in Python: see python_clients.py. */
import { type PythonScript, runPython } from "./python_script.ts";

const KAFKA_PYTHON = "3.0.12";
const AIOKAFKA = "0.14.0";
const SCRIPT: PythonScript = {
  file: "python_clients.py",
  environment: `kafka-python-${KAFKA_PYTHON}-aiokafka-${AIOKAFKA}`,
  packages: [
    `kafka-python==${KAFKA_PYTHON}`,
    `aiokafka==${AIOKAFKA}`,
    "cramjam==2.14.0",
    "lz4==4.4.5",
    "python-snappy==0.7.3",
    "zstandard==0.25.0",
  ],
  probe: "import kafka, aiokafka, snappy, lz4, zstandard, cramjam",
};

export type PythonScenario = "compression" | "versions" | "transactions" | "aio_fencing" | "aio_group";

/** Runs a scenario. @returns what it printed @throws {Error} with its own words if it failed */
export function pythonClient(scenario: PythonScenario, servers: string, prefix: string): Promise<unknown> {
  return runPython(SCRIPT, [scenario, servers, prefix]);
}
