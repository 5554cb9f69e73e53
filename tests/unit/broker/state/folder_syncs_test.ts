import assert from "node:assert/strict";
import { FileStorage } from "../../../../src/broker/state/file_storage.ts";
import type { SyncFolder } from "../../../../src/broker/state/folder_syncs.ts";
import { StorageError } from "../../../../src/broker/state/storage.ts";

const MAX_OPEN_FILES = 4;

/** Stands for the system: notes which folders are synced, by their names within the data folder, `..` for all above it. */
class Syncs {
  readonly folder: string;
  #noted: string[] = [];
  /** What happens in the sync of a folder, by its noted name. */
  readonly during = new Map<string, () => void | Promise<void>>();
  #inside: string;

  constructor(folder: string) {
    this.folder = folder;
    this.#inside = `${folder}/`;
  }

  readonly sync: SyncFolder = async (folder) => {
    const name = folder === this.folder
      ? "."
      : folder.startsWith(this.#inside)
      ? folder.slice(this.#inside.length)
      : "..";
    this.#noted.push(name);
    await this.during.get(name)?.();
  };

  /** What has been synced since the last call, each folder once. */
  taken(): string[] {
    const noted = [...new Set(this.#noted)].sort();
    assert.equal(
      this.#noted.filter((name) => name !== "..").length,
      noted.filter((name) => name !== "..").length,
    );
    this.#noted = [];
    return noted;
  }
}

function test(name: string, run: (storage: FileStorage, syncs: Syncs) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const syncs = new Syncs(folder);
      using storage = new FileStorage(folder, MAX_OPEN_FILES, syncs.sync);
      await run(storage, syncs);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("FileStorage syncs all folders on the way to a file, once", async (storage, syncs) => {
  const file = storage.open("topics/id/0/a");
  file.append(bytes("a"));
  assert.deepEqual(syncs.taken(), []);
  await Promise.all([file.sync(), file.sync(), storage.syncNames("topics")]);
  assert.deepEqual(syncs.taken(), [".", "..", "topics", "topics/id", "topics/id/0"]);
  file.append(bytes("b"));
  await file.sync();
  assert.deepEqual(syncs.taken(), []);
});

test(
  "FileStorage syncs what lay there at the start, too: nobody knows whether its name is safe",
  async (storage, syncs) => {
    storage.open("f/a").append(bytes("a"));
    using again = new FileStorage(syncs.folder, MAX_OPEN_FILES, syncs.sync);
    await again.open("f/a").sync();
    assert.deepEqual(syncs.taken(), [".", "..", "f"]);
  },
);

test(
  "FileStorage syncs a folder again when a name in it appears, changes or goes",
  async (storage, syncs) => {
    const file = storage.open("f/a");
    await file.sync();
    syncs.taken();
    storage.open("f/b");
    await file.sync();
    assert.ok(syncs.taken().includes("f"));
    storage.replace("f/b", bytes("b"));
    await file.sync();
    assert.ok(syncs.taken().includes("f"));
    storage.remove("f/b");
    await file.sync();
    assert.ok(syncs.taken().includes("f"));
    storage.open("f/g/c");
    await storage.syncNames("f");
    assert.ok(syncs.taken().includes("f"));
    storage.remove("f/g");
    await storage.syncNames("f");
    assert.ok(syncs.taken().includes("f"));
    await file.sync();
    assert.deepEqual(syncs.taken(), []);
  },
);

test("FileStorage syncs a folder again that was removed and made again", async (storage, syncs) => {
  await storage.open("f/g/a").sync();
  storage.remove("f");
  syncs.taken();
  await storage.open("f/g/a").sync();
  assert.deepEqual(syncs.taken(), [".", "f", "f/g"]);
});

test("FileStorage syncs a folder again when a name in it changes during its sync", async (storage, syncs) => {
  const file = storage.open("f/a");
  syncs.during.set("f", () => {
    syncs.during.clear();
    storage.replace("f/a", bytes("new"));
  });
  await file.sync();
  assert.ok(syncs.taken().includes("f"));
  await storage.open("f/a").sync();
  assert.ok(syncs.taken().includes("f"));
});

test("FileStorage says which folder it could not sync, and tries again", async (storage, syncs) => {
  const file = storage.open("f/a");
  syncs.during.set("f", () => Promise.reject(new Error("I/O error")));
  await assert.rejects(
    Promise.all([file.sync(), storage.syncNames("f")]),
    (error) =>
      error instanceof StorageError && /^Cannot sync the folder '.*f': I\/O error$/.test(error.message),
  );
  syncs.during.clear();
  syncs.taken();
  await file.sync();
  assert.deepEqual(syncs.taken(), ["f"]);
});

test(
  "FileStorage takes no harm from a folder that is gone, or from one above its own",
  async (storage, syncs) => {
    syncs.during.set("..", () => Promise.reject(new Deno.errors.PermissionDenied("not yours")));
    syncs.during.set("gone", () => Promise.reject(new Deno.errors.NotFound("gone")));
    await storage.syncNames("gone");
    assert.deepEqual(syncs.taken(), [".", "..", "gone"]);
  },
);

Deno.test("FileStorage syncs folders of a real file system", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using storage = new FileStorage(folder, MAX_OPEN_FILES);
    await storage.open("a/b").sync();
    await storage.syncNames("a");
    await storage.syncNames("absent");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
