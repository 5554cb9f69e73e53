/**
 * What a broker counts of its work: plain numbers that only grow, cheap enough to be always on.
 *
 * @module
 */
import { APIS } from "../wire/apis.ts";
import type { StructValue } from "../wire/codec.ts";
import { ErrorCode, errorInfo } from "../wire/error_codes.ts";
import { recordsCountOf } from "../wire/record_batch.ts";
import type { Fields } from "../wire/schema.ts";
import { type DurationCounts, Durations } from "./durations.ts";
import { isErrorCode } from "./error_fields.ts";

/** Requests of one API. */
export interface RequestCount {
  readonly api: string;
  readonly count: number;
}

/** Error codes in the answers of one API: each topic, partition, group … has its own. */
export interface ErrorCount extends RequestCount {
  /** Kafka's name. */
  readonly error: string;
}

/** How long requests of one API took, from when they came until their answer was there: what they wait for included. */
export interface RequestDurations extends DurationCounts {
  readonly api: string;
}

/** Where the error codes stand in an answer. */
interface ErrorPlaces {
  readonly codes: readonly string[];
  readonly lists: readonly { readonly name: string; readonly places: ErrorPlaces }[];
}

const NOWHERE: ErrorPlaces = { codes: [], lists: [] };
/** By API key. */
const PLACES: ReadonlyMap<number, ErrorPlaces> = new Map(
  [...APIS].map(([apiKey, { response }]) => [apiKey, placesIn(response.fields)]),
);

/** See the module. */
export class Metrics {
  connectionsCount = 0;
  connectionsTotal = 0;
  refusedConnectionsTotal = 0;
  receivedBytes = 0;
  sentBytes = 0;
  recordsTotal = 0;
  recordBytes = 0;
  readonly #syncs = new Durations();
  /** By API key. */
  readonly #requests = new Map<number, number>();
  /** By API key. */
  readonly #durations = new Map<number, Durations>();
  /** By API key and error code. */
  readonly #errors = new Map<number, Map<number, number>>();

  /** A request of a served API has come. */
  asked(apiKey: number): void {
    this.#requests.set(apiKey, (this.#requests.get(apiKey) ?? 0) + 1);
  }

  /** Something is answered, perhaps with errors. */
  answered(apiKey: number, answer: StructValue): void {
    this.#countErrors(apiKey, PLACES.get(apiKey) ?? NOWHERE, answer);
  }

  /** A producer's batch was taken. */
  appended(batch: Uint8Array): void {
    this.recordsTotal += recordsCountOf(batch);
    this.recordBytes += batch.length;
  }

  /** A round of fsync took so long. */
  synced(ms: number): void {
    this.#syncs.add(ms);
  }

  /** A request took so long: {@linkcode RequestDurations}. */
  served(apiKey: number, ms: number): void {
    let durations = this.#durations.get(apiKey);
    if (durations === undefined) this.#durations.set(apiKey, durations = new Durations());
    durations.add(ms);
  }

  get requests(): RequestCount[] {
    return [...this.#requests].map(([apiKey, count]) => ({ api: nameOf(apiKey), count }));
  }

  get errors(): ErrorCount[] {
    return [...this.#errors].flatMap(([apiKey, codes]) =>
      [...codes].map(([code, count]) => ({ api: nameOf(apiKey), error: errorInfo(code).name, count }))
    );
  }

  get durations(): RequestDurations[] {
    return [...this.#durations].map(([apiKey, { counts }]) => ({ api: nameOf(apiKey), ...counts }));
  }

  /** Rounds of fsync. */
  get syncs(): DurationCounts {
    return this.#syncs.counts;
  }

  #countErrors(apiKey: number, { codes, lists }: ErrorPlaces, answer: StructValue): void {
    for (let i = 0; i < codes.length; i++) {
      const code = answer[codes[i] ?? ""];
      if (typeof code === "number" && code !== ErrorCode.NONE) this.#countError(apiKey, code);
    }
    for (let i = 0; i < lists.length; i++) {
      const inner = lists[i];
      const list = inner === undefined ? undefined : answer[inner.name];
      if (inner === undefined || !Array.isArray(list)) continue;
      for (let j = 0; j < list.length; j++) this.#countErrors(apiKey, inner.places, list[j]);
    }
  }

  #countError(apiKey: number, code: number): void {
    let codes = this.#errors.get(apiKey);
    if (codes === undefined) this.#errors.set(apiKey, codes = new Map());
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
}

function nameOf(apiKey: number): string {
  return APIS.get(apiKey)?.name ?? String(apiKey);
}

function placesIn(fields: Fields): ErrorPlaces {
  const codes: string[] = [];
  const lists: { name: string; places: ErrorPlaces }[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const { type } = field;
    if (isErrorCode(name, field)) codes.push(name);
    if (typeof type !== "object" || !("element" in type) || typeof type.element !== "object") continue;
    const places = placesIn(type.element.fields);
    if (places.codes.length + places.lists.length > 0) lists.push({ name, places });
  }
  return { codes, lists };
}
