/**
 * What the broker counts, as Prometheus reads it (text format 0.0.4). By hand: prom-client would count in the thread that
 * asks, while the numbers come whole from the broker's thread, and it would bring a registry for them and two packages
 * more.
 *
 * Names are those that the JMX exporter's usual rules make of Apache Kafka's own metrics, where Kafka has them, so that
 * its dashboards and alerts fit. The number of series is bounded: APIs, their error codes, and the largest topics.
 *
 * @module
 */
import type { BrokerCounts } from "../broker/counts.ts";
import { DURATION_BUCKETS_MS, type DurationCounts } from "../broker/durations.ts";

/** The media type of {@linkcode metricsText}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What all topics that are not told by name are called: no topic can be. */
const OTHER_TOPICS = "(others)";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** See the module. */
export function metricsText(counts: BrokerCounts, version: string): string {
  const of = (value: number): Sample[] => [[{}, value]];
  const network = "kafka_server_socket_server_metrics_";
  return [
    family("parley_build_info", "gauge", "Which Parley serves.", [[{ version }, 1]]),
    family("process_resident_memory_bytes", "gauge", "Resident memory.", of(counts.residentBytes)),
    family(`${network}connection_count`, "gauge", "Connections that are open.", of(counts.connectionsCount)),
    family(
      `${network}connection_creation_total`,
      "counter",
      "Connections taken.",
      of(counts.connectionsTotal),
    ),
    family(
      "parley_connections_refused_total",
      "counter",
      "Connections refused, as there were too many.",
      of(counts.refusedConnectionsTotal),
    ),
    family(`${network}incoming_byte_total`, "counter", "Bytes received.", of(counts.receivedBytes)),
    family(`${network}outgoing_byte_total`, "counter", "Bytes sent.", of(counts.sentBytes)),
    family(
      "kafka_network_requestmetrics_requests_total",
      "counter",
      "Requests, by API.",
      counts.requests.map(({ api, count }) => [{ request: api }, count]),
    ),
    histogram(
      "kafka_network_requestmetrics_totaltime_seconds",
      "How long requests took, by API, until their answer was there: what they wait for included.",
      counts.durations.map((durations) => [{ request: durations.api }, durations]),
    ),
    family(
      "kafka_network_requestmetrics_errors_total",
      "counter",
      "Error codes answered, by API: one for each topic, partition or group that has one.",
      counts.errors.map(({ api, error, count }) => [{ request: api, error }, count]),
    ),
    family(
      "kafka_server_brokertopicmetrics_messagesin_total",
      "counter",
      "Records that were appended.",
      of(counts.recordsTotal),
    ),
    family(
      "kafka_server_brokertopicmetrics_bytesin_total",
      "counter",
      "Bytes of record batches that were appended.",
      of(counts.recordBytes),
    ),
    family("kafka_controller_kafkacontroller_globaltopiccount", "gauge", "Topics.", of(counts.topicsCount)),
    family("kafka_server_replicamanager_partitioncount", "gauge", "Partitions.", of(counts.partitionsCount)),
    family(
      "kafka_server_replicamanager_offlinereplicacount",
      "gauge",
      "Partitions that are not served, as the disk failed them.",
      of(counts.offlinePartitionsCount),
    ),
    family(
      "kafka_log_log_size",
      "gauge",
      "Bytes of a topic's log: of the largest topics, and of all others together.",
      counts.topics.map(({ topic = OTHER_TOPICS, sizeBytes }) => [{ topic }, sizeBytes]),
    ),
    family(
      "kafka_coordinator_group_groupmetadatamanager_numgroups",
      "gauge",
      "Consumer groups that have members or had some.",
      of(counts.groupsCount),
    ),
    histogram(
      "kafka_log_logflushstats_logflush_seconds",
      "How long a round of fsync took.",
      [[{}, counts.syncs]],
    ),
    faultsText(counts),
  ].join("");
}

function family(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`);
  return head(name, type, help) + lines.join("");
}

/** How often the rules of `--faults` struck; nothing where there are none. */
function faultsText({ faults }: BrokerCounts): string {
  if (faults.length === 0) return "";
  return family(
    "parley_faults_struck_total",
    "counter",
    "How often each rule of --faults struck, by its place in the file.",
    faults.map(({ struckCount }, index) => [{ rule: String(index) }, struckCount]),
  );
}

/** Durations, as a histogram in seconds. */
function histogram(
  name: string,
  help: string,
  series: readonly (readonly [Labels, DurationCounts])[],
): string {
  const lines = series.map(([labels, { buckets, sumMs }]) => {
    let count = 0;
    const below = buckets.map((inBucket, i) => {
      count += inBucket;
      const boundMs = DURATION_BUCKETS_MS[i];
      const le = boundMs === undefined ? "+Inf" : String(boundMs / 1_000);
      return `${name}_bucket${labelsText({ ...labels, le })} ${count}\n`;
    });
    const text = labelsText(labels);
    return `${below.join("")}${name}_sum${text} ${sumMs / 1_000}\n${name}_count${text} ${count}\n`;
  });
  return head(name, "histogram", help) + lines.join("");
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => character === "\n" ? "\\n" : `\\${character}`);
}
