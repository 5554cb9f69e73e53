/**
 * The names of a segment's files. A segment is named by its base offset, in 20 digits; one that a compaction has made of
 * several by the first and the last base offset of those: it stands for all of them, should a crash leave them there.
 *
 * @module
 */

const DIGITS = 20;
const NAME = /^(\d{20})(?:-(\d{20}))?\.log$/;

/** See the module. */
export interface SegmentName {
  readonly baseOffset: bigint;
  /** The base offset of the last one that it stands for: its own, where it is the only one. */
  readonly lastBase: bigint;
}

/** The name of a segment's file. */
export function segmentName({ baseOffset, lastBase }: SegmentName): string {
  const first = digitsOf(baseOffset);
  return lastBase === baseOffset ? `${first}.log` : `${first}-${digitsOf(lastBase)}.log`;
}

/** What a name says, undefined when it is no segment's. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, first, last = first] = NAME.exec(name) ?? [];
  return first === undefined || last === undefined
    ? undefined
    : { baseOffset: BigInt(first), lastBase: BigInt(last) };
}

/** The name of a segment's index. */
export function segmentIndexName({ baseOffset }: Pick<SegmentName, "baseOffset">): string {
  return `${digitsOf(baseOffset)}.index`;
}

/** The name of a segment that is being made by a compaction. */
export function cleanedName({ baseOffset }: Pick<SegmentName, "baseOffset">): string {
  return `${digitsOf(baseOffset)}.cleaned`;
}

function digitsOf(offset: bigint): string {
  return offset.toString().padStart(DIGITS, "0");
}
