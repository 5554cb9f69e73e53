import assert from "node:assert/strict";
import fc from "fast-check";
import { type Change, Journal } from "../../../../src/broker/state/journal.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { StorageError } from "../../../../src/broker/state/storage.ts";

const PATH = "journals/test.log";
const parse = (value: unknown) => typeof value === "number" ? value : undefined;

/** Has no room for a file beside another. */
class FullStorage extends MemoryStorage {
  isFull = true;
  refusals = 0;

  override replace(path: string, bytes: Uint8Array): void {
    if (!this.isFull) return super.replace(path, bytes);
    this.refusals++;
    throw new StorageError("the disk is full");
  }
}

/** What a journal says now. */
function replay(
  storage: MemoryStorage,
): { map: Map<string, number>; notes: string[]; journal: Journal<number> } {
  const journal = new Journal<number>(storage, PATH);
  const map = new Map<string, number>();
  const notes = journal.replay(parse, ([key, value]) => {
    if (value === null) map.delete(key);
    else map.set(key, value);
  });
  return { map, notes, journal };
}

Deno.test("Journal.replay() gives the changes in their order", () => {
  using storage = new MemoryStorage();
  const { journal } = replay(storage);
  journal.append([["a", 1], ["b\n", 2]]);
  journal.append([["a", null], ["ü", 3]]);
  const { map, notes } = replay(storage);
  assert.deepEqual([...map], [["b\n", 2], ["ü", 3]]);
  assert.deepEqual(notes, []);
});

Deno.test("Journal.replay() cuts a line that is half written, at every byte", () => {
  using whole = new MemoryStorage();
  const { journal } = replay(whole);
  journal.append([["a", 1]]);
  const keptBytes = whole.readAll(PATH)?.length ?? 0;
  journal.append([["b", 2]]);
  const bytes = whole.readAll(PATH) ?? new Uint8Array();
  for (let length = keptBytes; length < bytes.length; length++) {
    using storage = new MemoryStorage();
    storage.replace(PATH, bytes.subarray(0, length));
    const torn = replay(storage);
    assert.deepEqual([...torn.map], [["a", 1]]);
    assert.equal(torn.notes.length, length === keptBytes ? 0 : 1);
    torn.journal.append([["c", 3]]);
    assert.deepEqual([...replay(storage).map], [["a", 1], ["c", 3]]);
  }
});

Deno.test("Journal.replay() leaves a damaged line out, says so, and reads on", () => {
  using storage = new MemoryStorage();
  replay(storage).journal.append([["a", 1], ["b", 2], ["c", 3]]);
  const bytes = storage.readAll(PATH) ?? new Uint8Array();
  const secondKeyAt = bytes.indexOf('"'.charCodeAt(0), bytes.indexOf(10)) + 1;
  bytes[secondKeyAt] = "x".charCodeAt(0);
  storage.replace(PATH, bytes);
  const { map, notes } = replay(storage);
  assert.deepEqual([...map], [["a", 1], ["c", 3]]);
  assert.equal(notes.length, 1);
});

Deno.test("Journal.compact() keeps the file from growing without bound, and what it stands for", () => {
  using storage = new MemoryStorage();
  const { journal } = replay(storage);
  for (let i = 0; i < 50_000; i++) {
    journal.append([[`key-${i % 3}`, i]]);
    journal.compact(3, () => [0, 1, 2].map((n): Change<number> => [`key-${n}`, i - (i - n) % 3]));
  }
  assert.ok((storage.readAll(PATH)?.length ?? 0) < 500_000);
  assert.deepEqual(
    [...replay(storage).map].sort(),
    [["key-0", 49_998], ["key-1", 49_999], ["key-2", 49_997]],
  );
});

Deno.test("Journal.compact() keeps the file from growing without bound also by long lines", () => {
  using storage = new MemoryStorage();
  const { journal } = replay(storage);
  const key = "x".repeat(1 << 20);
  for (let i = 0; i < 70; i++) {
    journal.append([[key, i]]);
    journal.compact(1, () => [[key, i]]);
  }
  assert.ok((storage.readAll(PATH)?.length ?? 0) < 10 << 20);
  assert.deepEqual([...replay(storage).map], [[key, 69]]);
});

Deno.test("Journal.compact() leaves all as it is where the disk refuses, and tries again when it is worth while", () => {
  using storage = new FullStorage();
  const { journal } = replay(storage);
  const one = (n: number): Change<number>[] => [["a", n]];
  for (let i = 0; i < 25_000; i++) {
    journal.append(one(i));
    journal.compact(1, () => one(i));
  }
  assert.equal(storage.refusals, 2);
  assert.deepEqual([...replay(storage).map], [["a", 24_999]]);
  storage.isFull = false;
  for (let i = 25_000; i < 32_000; i++) {
    journal.append(one(i));
    journal.compact(1, () => one(i));
  }
  assert.ok((storage.readAll(PATH)?.length ?? 0) < 100_000);
  assert.deepEqual([...replay(storage).map], [["a", 31_999]]);
});

Deno.test("Journal.compact() of a journal with a damaged line keeps it beside the new one", () => {
  using storage = new MemoryStorage();
  replay(storage).journal.append(Array.from({ length: 10_010 }, (_, i): Change<number> => ["a", i]));
  const bytes = storage.readAll(PATH) ?? new Uint8Array();
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  storage.replace(PATH, bytes);
  const { journal } = replay(storage);
  journal.compact(1, () => [["a", 10_009]]);
  assert.deepEqual(storage.readAll(`${PATH}.damaged`), bytes);
  assert.deepEqual(replay(storage).notes, []);
});

Deno.test("Journal.sync() tells all who ask for it while it is under way that it failed, and syncs again", async () => {
  using storage = new MemoryStorage();
  const { journal } = replay(storage);
  const file = storage.open(PATH);
  file.sync = () => Promise.reject(new StorageError("the disk is gone"));
  journal.append([["a", 1]]);
  const results = await Promise.allSettled([journal.sync(), journal.sync()]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  file.sync = () => Promise.resolve();
  await journal.sync();
  await journal.sync();
});

Deno.test("Journal stands for the same map after any changes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.option(fc.integer())), { maxLength: 50 }),
      (changes) => {
        using storage = new MemoryStorage();
        const { journal } = replay(storage);
        const expected = new Map<string, number>();
        for (const [key, value] of changes) {
          journal.append([[key, value]]);
          if (value === null) expected.delete(key);
          else expected.set(key, value);
        }
        assert.deepEqual(replay(storage).map, expected);
      },
    ),
  );
});
