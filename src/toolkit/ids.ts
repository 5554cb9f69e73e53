/**
 * Ids of requests.
 *
 * @module
 */
const COUNTERS = 4_096;

let lastMs = 0;
let counter = 0;
/** The first 48 bits, as text. */
let time = "";
/** The last 64 bits, as text: the variant and 62 random bits. */
let random = "";

/**
 * A UUIDv7 (RFC 9562): increasing within this thread, by a counter in the 12 bits behind the version (method 1); the
 * random bits are drawn anew each millisecond.
 */
export function newId(): string {
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    begin(nowMs);
  } else if (++counter === COUNTERS) {
    // More than the counter holds: from the next millisecond ahead of its time.
    begin(lastMs + 1);
  }
  return `${time}-7${(counter + COUNTERS).toString(16).slice(1)}-${random}`;
}

function begin(ms: number): void {
  lastMs = ms;
  counter = 0;
  const hex = ms.toString(16).padStart(12, "0");
  time = `${hex.slice(0, 8)}-${hex.slice(8)}`;
  // A UUIDv4 ends in the same variant and as many random bits.
  random = crypto.randomUUID().slice(19);
}
