/**
 * Ranges of versions, in the notation of Kafka's message definitions.
 *
 * @module
 */

/** `3+` from 3 on, `0-12` both inclusive, `7` alone, `none`. */
export type Versions = `${number}+` | `${number}-${number}` | `${number}` | "none";

/** Both ends inclusive; `min > max` is no version at all. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The notation as a range. What is open at its end goes to the largest INT16. */
export function parseVersions(versions: Versions): VersionRange {
  if (versions === "none") return { min: 0, max: -1 };
  if (versions.endsWith("+")) return { min: Number(versions.slice(0, -1)), max: 0x7fff };
  const [min = "", max = min] = versions.split("-");
  return { min: Number(min), max: Number(max) };
}

/** Whether `version` is one of `versions`. */
export function includesVersion(versions: Versions, version: number): boolean {
  const { min, max } = parseVersions(versions);
  return version >= min && version <= max;
}
