/**
 * Commands whose output is a pipe that is not read: they wait for the reader, and hear meanwhile that they are to end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Place, type Running } from "./processes.ts";

/** Much more than a pipe holds. */
const RECORDS = 4_000;
const values = Array.from({ length: RECORDS }, (_, i) => `${i} ${"x".repeat(500)}`);
const READING = ["consume", "orders", "--from", "earliest"];

async function withOrders(run: (place: Place) => Promise<void>): Promise<void> {
  await using place = new Place();
  await using broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  const { code, stderr } = await place.run(["produce", "orders"], { input: `${values.join("\n")}\n` });
  assert.equal(code, 0, stderr);
  await run(place);
}

/** The values of the whole lines. */
function valuesOf({ stdout }: Running): string[] {
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line).value);
}

for (const group of [[], ["--group", "g"]]) {
  const command = ["parley consume", ...group].join(" ");

  Deno.test(`${command} whose output is not read waits; once it is read, nothing is missing`, () =>
    withOrders(async (place) => {
      const consume = place.start([...READING, ...group, "--max", String(RECORDS)]);
      const goOn = consume.pauseReading();
      await consume.untilStdout(/./);
      goOn();
      assert.equal(await consume.ended(), 0);
      assert.deepEqual(valuesOf(consume), values);
    }));

  Deno.test(`${command} whose output is not read ends on SIGTERM`, () =>
    withOrders(async (place) => {
      const consume = place.start([...READING, ...group]);
      const goOn = consume.pauseReading();
      await consume.untilStdout(/./);
      consume.kill("SIGTERM");
      assert.equal(await consume.exited(), 0);
      goOn();
    }));
}

Deno.test("parley consume --group whose output was not read leaves what it did not print to the next", () =>
  withOrders(async (place) => {
    const first = place.start([...READING, "--group", "g"]);
    const goOn = first.pauseReading();
    await first.untilStdout(/./);
    first.kill("SIGTERM");
    assert.equal(await first.exited(), 0);
    goOn();
    await first.ended();
    const printed = valuesOf(first);
    assert.ok(printed.length < RECORDS / 2, `${printed.length} were printed`);

    const second = place.start([...READING, "--group", "g"]);
    await second.until("the last record", () => valuesOf(second).at(-1) === values.at(-1));
    const rest = valuesOf(second);
    // What was being printed when it ended may be printed again; nothing is left out.
    assert.ok(rest.length >= RECORDS - printed.length, `${printed.length}, then ${rest.length}`);
    assert.deepEqual(rest, values.slice(-rest.length));
  }));

Deno.test("parley produce whose output is not read ends on SIGTERM, and says why", async () => {
  await using place = new Place();
  await using broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  const produce = place.start(["produce", "orders"]);
  const goOn = produce.pauseReading();
  // It does not take all: it waits for who reads its reports.
  const typing = produce.type(`${values.join("\n")}\n`).catch(() => {});
  await produce.untilStdout(/./);
  produce.kill("SIGTERM");
  assert.equal(await produce.exited(), 1);
  goOn();
  await typing;
  await produce.ended();
  assert.equal(produce.stderr, "parley: Stopped by SIGTERM\n");
});

Deno.test("parley reply whose complaints are not read ends on SIGTERM", async () => {
  await using place = new Place();
  await using broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  await using gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${gone.addr.port}/${"x".repeat(5_000)}`;
  gone.close();
  const reply = place.start(["reply", "orders", "--http", url]);
  const goOn = reply.pauseReading("stderr");
  await reply.untilStdout(/answering/);
  const { code } = await place.run(["produce", "orders"], { input: "x\n".repeat(100) });
  assert.equal(code, 0);
  await reply.untilStderr(/orders\/0 at offset 0: /);
  reply.kill("SIGTERM");
  assert.equal(await reply.exited(), 0);
  goOn();
});

Deno.test("parley says in one line that its output cannot be written, and exits 1", async () => {
  await using place = new Place();
  const run = place.startShell("doctor > /dev/full");
  assert.equal(await run.ended(), 1);
  assert.equal(run.stderr, "parley: Cannot write to stdout: No space left on device (os error 28)\n");
});
