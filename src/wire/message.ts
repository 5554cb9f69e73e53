/**
 * A message of Kafka's protocol: its definition, and what encodes and decodes it in each version.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { type StructCodec, structCodec } from "./codec.ts";
import type { Reader } from "./reader.ts";
import type { Decoded, Encodable, Fields, MessageSpec } from "./schema.ts";
import { parseVersions, type VersionRange, type Versions } from "./versions.ts";
import type { Writer } from "./writer.ts";

/** Made by `defineRequest` and `defineResponse`. The codec of a version is compiled when it is first needed. */
export class Message<F extends Fields> {
  readonly kind: "request" | "response";
  readonly apiKey: number;
  readonly name: string;
  readonly validVersions: Versions;
  readonly flexibleVersions: Versions;
  readonly fields: F;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly #flexible: VersionRange;
  readonly #codecs: StructCodec[] = [];

  constructor(kind: "request" | "response", spec: MessageSpec<F>) {
    this.kind = kind;
    this.apiKey = spec.apiKey;
    this.name = spec.name;
    this.validVersions = spec.validVersions;
    this.flexibleVersions = spec.flexibleVersions;
    this.fields = spec.fields;
    this.#flexible = parseVersions(spec.flexibleVersions);
    ({ min: this.minVersion, max: this.maxVersion } = parseVersions(spec.validVersions));
  }

  /** Whether the definition has this version. */
  supports(version: number): boolean {
    return Number.isInteger(version) && version >= this.minVersion && version <= this.maxVersion;
  }

  /** Whether this version has compact types and tagged fields (KIP-482). */
  isFlexible(version: number): boolean {
    return version >= this.#flexible.min && version <= this.#flexible.max;
  }

  /**
   * Reads the message's body. Byte arrays and records in it are views of the reader's bytes.
   *
   * @throws {WireError} if the bytes do not hold one, or the version is none of this message
   */
  decode(reader: Reader, version: number): Decoded<F> {
    if (!this.supports(version)) throw new WireError(`Cannot decode ${this.#unsupported(version)}`);
    try {
      return this.#codec(version).decode(reader) as Decoded<F>;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new WireError(`${this.name} v${version}: ${error.message}`, { cause: error });
    }
  }

  /**
   * Writes the message's body. A field that this version does not have is left out; one that `value` leaves out has
   * its default.
   *
   * @throws {RangeError} if a value does not fit its type, or the version is none of this message
   * @throws {TypeError} if a value is null that may not be, in this version
   */
  encode(writer: Writer, value: Encodable<F>, version: number): void {
    if (!this.supports(version)) throw new RangeError(`Cannot encode ${this.#unsupported(version)}`);
    this.#codec(version).encode(writer, value);
  }

  #codec(version: number): StructCodec {
    return this.#codecs[version] ??= structCodec(this, version, this.isFlexible(version));
  }

  #unsupported(version: number): string {
    return `${this.name} in version ${version}: it has versions ${this.validVersions}`;
  }
}
