import assert from "node:assert/strict";
import { DataFormatError, DataLockedError } from "../../../../src/broker/errors.ts";
import { DataFolder, FORMAT_VERSION } from "../../../../src/broker/state/data_folder.ts";

const MAX_OPEN_FILES = 8;

function withFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("DataFolder.open() makes a folder and keeps its cluster id", () => {
  withFolder((parent) => {
    const folder = `${parent}/a/b`;
    let clusterId: string;
    {
      using made = DataFolder.open(folder, MAX_OPEN_FILES);
      clusterId = made.clusterId;
    }
    using again = DataFolder.open(folder, MAX_OPEN_FILES);
    assert.equal(again.clusterId, clusterId);
    assert.match(clusterId, /^[\w-]{22}$/);
  });
});

Deno.test("DataFolder.open() refuses a folder that is held, until it is given back", () => {
  withFolder((folder) => {
    {
      using _held = DataFolder.open(folder, MAX_OPEN_FILES);
      assert.throws(
        () => DataFolder.open(folder, MAX_OPEN_FILES),
        (error) => error instanceof DataLockedError && error.message.includes(folder),
      );
    }
    DataFolder.open(folder, MAX_OPEN_FILES)[Symbol.dispose]();
  });
});

Deno.test("DataFolder.open() raises an older format, so that an older version refuses the folder", () => {
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/meta.json`, JSON.stringify({ formatVersion: 1, clusterId: "x" }));
    using opened = DataFolder.open(folder, MAX_OPEN_FILES);
    assert.equal(opened.clusterId, "x");
    assert.deepEqual(JSON.parse(Deno.readTextFileSync(`${folder}/meta.json`)), {
      formatVersion: FORMAT_VERSION,
      clusterId: "x",
    });
  });
});

Deno.test("DataFolder.open() refuses a newer format in one line, and changes nothing", () => {
  withFolder((folder) => {
    const meta = JSON.stringify({ formatVersion: FORMAT_VERSION + 1, clusterId: "x" });
    const newer = `format ${FORMAT_VERSION + 1} is newer than ${FORMAT_VERSION}`;
    Deno.writeTextFileSync(`${folder}/meta.json`, meta);
    assert.throws(
      () => DataFolder.open(folder, MAX_OPEN_FILES),
      (error) => error instanceof DataFormatError && error.message.includes(newer),
    );
    assert.equal(Deno.readTextFileSync(`${folder}/meta.json`), meta);
  });
});

Deno.test("DataFolder.open() refuses a folder whose meta.json is not readable", () => {
  for (const text of ["", "{", "[]", `{"formatVersion":"1","clusterId":"x"}`, "null"]) {
    withFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/meta.json`, text);
      assert.throws(() => DataFolder.open(folder, MAX_OPEN_FILES), DataFormatError);
    });
  }
});
