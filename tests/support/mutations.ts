/**
 * Bytes that were good, and are changed as chance, a broken peer or a hostile one would.
 *
 * @module
 */
import fc from "fast-check";

/** Numbers that lengths and counts go wrong at, as INT16, INT32 and unsigned varint. */
const EXTREMES: readonly (readonly number[])[] = [
  [0xff, 0xff],
  [0x7f, 0xff],
  [0x80, 0x00],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xfe],
  [0x00, 0x0f, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];

/** One change, at a place that is a share of the length. */
export type Mutation =
  | { readonly type: "set"; readonly place: number; readonly bytes: readonly number[] }
  | { readonly type: "flip"; readonly place: number; readonly bit: number }
  | { readonly type: "cut"; readonly place: number }
  | { readonly type: "insert"; readonly place: number; readonly bytes: readonly number[] }
  | { readonly type: "repeat"; readonly place: number; readonly length: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const someBytes = fc.oneof(
  fc.constantFrom(...EXTREMES),
  fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
);

/** A few changes. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("set" as const), place, bytes: someBytes }),
    fc.record({ type: fc.constant("flip" as const), place, bit: fc.nat(7) }),
    fc.record({ type: fc.constant("cut" as const), place }),
    fc.record({ type: fc.constant("insert" as const), place, bytes: someBytes }),
    fc.record({ type: fc.constant("repeat" as const), place, length: fc.nat(64) }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** What becomes of `bytes`. */
export function mutate(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  return changes.reduce(mutateOnce, bytes.slice());
}

function mutateOnce(bytes: Uint8Array, change: Mutation): Uint8Array {
  const at = Math.floor(change.place * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.type) {
    case "set":
      return new Uint8Array([
        ...before,
        ...change.bytes.slice(0, after.length),
        ...after.subarray(change.bytes.length),
      ]);
    case "flip":
      return bytes.map((byte, i) => i === at ? byte ^ (1 << change.bit) : byte);
    case "cut":
      return before.slice();
    case "insert":
      return new Uint8Array([...before, ...change.bytes, ...after]);
    case "repeat":
      return new Uint8Array([...before, ...after.subarray(0, change.length), ...after]);
  }
}
