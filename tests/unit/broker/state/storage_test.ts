import assert from "node:assert/strict";
import { FileStorage } from "../../../../src/broker/state/file_storage.ts";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";

const MAX_OPEN_FILES = 2;
/** How long a removed file may go unnoticed, and a little. */
const NOTICE_MS = 2;

/** One suite, both implementations. */
function test(name: string, run: (storage: Storage) => void | Promise<void>): void {
  Deno.test(`MemoryStorage ${name}`, async () => {
    using storage = new MemoryStorage();
    await run(storage);
  });
  Deno.test(`FileStorage ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      using storage = new FileStorage(folder, MAX_OPEN_FILES);
      await run(storage);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

function textOf(storage: Storage, path: string): string | undefined {
  const content = storage.readAll(path);
  return content === undefined ? undefined : new TextDecoder().decode(content);
}

test("appends, reads by ranges, and truncates", (storage) => {
  const file = storage.open("a/b");
  file.append(bytes("hello "));
  file.append(bytes("world"));
  assert.equal(file.sizeBytes, 11);
  const range = new Uint8Array(5);
  assert.equal(file.read(3, range), 5);
  assert.equal(new TextDecoder().decode(range), "lo wo");
  assert.equal(file.read(9, range), 2);
  assert.equal(file.read(50, range), 0);
  file.truncate(6);
  file.truncate(60);
  file.append(bytes("you"));
  assert.equal(textOf(storage, "a/b"), "hello you");
});

test("serves more files than may be open", (storage) => {
  const files = Array.from({ length: 3 * MAX_OPEN_FILES }, (_, i) => storage.open(`folder/${i}`));
  for (let round = 0; round < 3; round++) {
    for (const [i, file] of files.entries()) file.append(bytes(`${i}`));
  }
  for (const i of files.keys()) assert.equal(textOf(storage, `folder/${i}`), `${i}${i}${i}`);
  for (const file of files) file.close();
});

test("keeps large files whole", (storage) => {
  const file = storage.open("large");
  const block = Uint8Array.from({ length: 70_001 }, (_, i) => i % 251);
  for (let i = 0; i < 20; i++) file.append(block);
  const all = new Uint8Array(file.sizeBytes);
  assert.equal(file.read(0, all), 20 * block.length);
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(all.subarray(i * block.length, (i + 1) * block.length), block);
  }
});

test("lists and removes files and folders", (storage) => {
  for (const path of ["a/x/1", "a/x/2", "a/y"]) storage.open(path).append(bytes(path));
  assert.deepEqual(storage.list("a").sort(), ["x", "y"]);
  assert.deepEqual(storage.list("nowhere"), []);
  storage.remove("a/x");
  storage.remove("nowhere");
  assert.deepEqual(storage.list("a"), ["y"]);
  assert.equal(textOf(storage, "a/x/1"), undefined);
});

test("replaces a file's content in one step", (storage) => {
  storage.open("f/a").append(bytes("old and long"));
  storage.replace("f/a", bytes("new"));
  assert.equal(textOf(storage, "f/a"), "new");
  storage.open("f/a").append(bytes("er"));
  assert.equal(textOf(storage, "f/a"), "newer");
  assert.deepEqual(storage.list("f"), ["a"]);
});

test("syncs while it is written", async (storage) => {
  const file = storage.open("s");
  file.append(bytes("a"));
  const synced = file.sync();
  file.append(bytes("b"));
  await synced;
  assert.equal(textOf(storage, "s"), "ab");
});

Deno.test("FileStorage says what it could not do, and with which file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using storage = new FileStorage(folder, MAX_OPEN_FILES);
    await Deno.writeTextFile(`${folder}/file`, "");
    const says = (what: RegExp) => (error: unknown) =>
      error instanceof StorageError && what.test(error.message);
    assert.throws(() => storage.open("file/below"), says(/^Cannot .*file/));
    assert.throws(() => storage.list("file"), says(/^Cannot list .*file/));
    const gone = storage.open("gone");
    await Deno.remove(`${folder}/gone`);
    await assert.rejects(gone.sync(), says(/^Cannot sync .*gone/));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("FileStorage.append() first takes away what a failed append left that the disk would not take away", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using storage = new FileStorage(folder, 1);
    const file = storage.open("file");
    storage.open("other").close();
    // It can neither be written nor be cut.
    await Deno.remove(`${folder}/file`);
    await Deno.mkdir(`${folder}/file`);
    assert.throws(() => file.append(bytes("lost")), StorageError);
    // The disk works again, and holds the half of what was to be written.
    await Deno.remove(`${folder}/file`);
    await Deno.writeTextFile(`${folder}/file`, "lo");
    file.append(bytes("kept"));
    assert.equal(textOf(storage, "file"), "kept");
    assert.equal(file.sizeBytes, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("FileStorage.append() refuses what would go into a file that was removed, and what is after it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using storage = new FileStorage(folder, MAX_OPEN_FILES);
    const file = storage.open("file");
    file.append(bytes("kept"));
    await Deno.remove(`${folder}/file`);
    await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
    for (let i = 0; i < 3; i++) {
      assert.throws(() => file.append(bytes("lost")), {
        name: "StorageError",
        message: `Cannot use '${folder}/file': the file was removed`,
      });
    }
    assert.equal(file.sizeBytes, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
