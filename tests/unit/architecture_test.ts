/**
 * The plan of the house, held: which room may import which, and what only one place may do.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

interface Source {
  /** Within src, such as `kafka/producer.ts`. */
  readonly path: string;
  /** The text without comments. */
  readonly code: string;
  /** The text as it is. */
  readonly text: string;
}

/**
 * Room -> what its files may import of src: a room, or one file. The top files are rooms of their own. That broker and
 * toolkit never meet follows from it.
 */
const ARROWS: Record<string, readonly string[]> = {
  "workers.ts": [],
  base: [],
  wire: ["base/errors.ts"],
  broker: ["wire", "base"],
  kafka: ["base", "wire/crc32c.ts"],
  toolkit: ["kafka", "base"],
  // A demo is a user of the toolkit; of the client it sees what the command line sees, too.
  demos: ["toolkit", "kafka", "base", "workers.ts"],
  "config.ts": ["base", "kafka/settings.ts"],
  "testing.ts": ["broker", "base"],
  "mod.ts": ["toolkit", "kafka", "base"],
  // The composition root.
  cli: ["../deno.json", "config.ts", "workers.ts", "base", "wire", "broker", "kafka", "toolkit", "demos"],
  "main.ts": ["cli", "base", "workers.ts"],
};

const sources = await read(SRC, "");

Deno.test("src: a room imports only what the plan allows", () => {
  const wrong: string[] = [];
  for (const { path, code } of sources) {
    const room = roomOf(path);
    const allowed = ARROWS[room];
    if (allowed === undefined) {
      wrong.push(`${path}: no such room`);
      continue;
    }
    for (const specifier of imports(code).filter((specifier) => specifier.startsWith("."))) {
      const target = targetOf(path, specifier);
      const isAllowed = roomOf(target) === room || allowed.includes(roomOf(target)) ||
        allowed.includes(target);
      if (!isAllowed) wrong.push(`${path} -> ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("src: a demo knows of another demo nothing", () => {
  const wrong = sources.flatMap(({ path, code }) => {
    const [room, demo] = path.split("/");
    if (room !== "demos") return [];
    return imports(code).map((specifier) => targetOf(path, specifier))
      .filter((target) => target.startsWith("demos/") && !target.startsWith(`demos/${demo}/`))
      .map((target) => `${path} -> ${target}`);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("src: kafkajs is imported by the kafka room only", () => {
  assert.deepEqual(where(({ path, code }) => roomOf(path) !== "kafka" && imports(code).some(isKafkajs)), []);
});

Deno.test("src: the environment is read by config.ts only", () => {
  const reads = /\bDeno\s*\.\s*env\b|\bprocess\s*\.\s*env\b|\bloadEnvFile\b/;
  assert.deepEqual(where(({ path, code }) => path !== "config.ts" && reads.test(code)), []);
});

Deno.test("src: only main.ts exits, sets the exit code or takes signals", () => {
  const ends =
    /\bDeno\s*\.\s*(exit|exitCode|addSignalListener)\b|\bprocess\s*\.\s*(exit\b|exitCode|on\(\s*["']SIG)/;
  assert.deepEqual(where(({ path, code }) => path !== "main.ts" && ends.test(code)), []);
});

Deno.test("src: a worker's module stands in workers.ts, and no worker is made of anything else", async () => {
  const { WORKERS } = await import("../../src/workers.ts");
  for (const url of Object.values(WORKERS)) assert.ok((await Deno.stat(url)).isFile, url.href);
  // Whoever makes a worker is given its module, and there is no other place that could name one.
  assert.deepEqual(
    where(({ path, code }) => path !== "base/prepared_worker.ts" && /\bnew Worker\b/.test(code)),
    [],
  );
  assert.deepEqual(
    where(({ path, code }) => path !== "workers.ts" && /\bimport\.meta\.(url|resolve)\b/.test(code)),
    [],
  );
});

Deno.test("src: files are named in snake_case", () => {
  assert.deepEqual(
    where(({ path }) => !/^([a-z0-9]+(_[a-z0-9]+)*\/)*[a-z0-9]+(_[a-z0-9]+)*(\.d)?\.ts$/.test(path)),
    [],
  );
});

Deno.test("src: no 'any', no non-null assertion, no lint or type check switched off", () => {
  assert.deepEqual(where(({ code }) => /[:<|&,(]\s*any\b(?!\s*[(.:])|\bas any\b|\bany\[\]/.test(code)), []);
  assert.deepEqual(where(({ code }) => /[\w)\]]!(?=\.|\[|;|,|\)|\s*$)/m.test(code)), []);
  assert.deepEqual(where(({ text }) => /deno-lint-ignore|@ts-(ignore|expect-error|nocheck)/.test(text)), []);
});

Deno.test("src: no work is left as a note", () => {
  assert.deepEqual(where(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text)), []);
});

function where(holds: (source: Source) => boolean): string[] {
  return sources.filter(holds).map(({ path }) => path);
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** What a relative specifier means, from src: `kafka/producer.ts`, or `../deno.json`. */
function targetOf(path: string, specifier: string): string {
  const { pathname } = new URL(specifier, `file:///src/${path}`);
  return pathname.startsWith("/src/") ? pathname.slice("/src/".length) : `..${pathname}`;
}

function isKafkajs(specifier: string): boolean {
  return /^(npm:\/?)?kafkajs(@|\/|$)/.test(specifier);
}

/** What a module imports, exports from, or imports later. Type imports count: they are knowledge, too. */
function imports(code: string): string[] {
  const matches = code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g);
  return [...matches].map(([, specifier]) => specifier ?? "");
}

async function read(folder: string, prefix: string): Promise<Source[]> {
  const found: Source[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      found.push(...await read(`${folder}/${entry.name}`, `${path}/`));
      continue;
    }
    const text = await Deno.readTextFile(`${folder}/${entry.name}`);
    found.push({ path, text, code: withoutComments(text) });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Good enough for code that `deno fmt` has formatted: comments begin a line or follow a blank. */
function withoutComments(text: string): string {
  return text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, "$1").replace(/(^|\s)\/\/.*$/gm, "$1");
}
