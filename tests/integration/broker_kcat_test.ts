import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { hasKcat, kcat } from "../support/kcat.ts";

function test(name: string, run: (address: string) => Promise<void>): void {
  Deno.test({
    name: hasKcat ? name : `${name} (left out: kcat is not installed)`,
    ignore: !hasKcat,
    async fn() {
      await using broker = await startBroker();
      await run(broker.address);
    },
  });
}

test("kcat lists the broker and its topics", async (address) => {
  await kcat(["-b", address, "-P", "-t", "orders"], "a\n");
  const listed = await kcat(["-b", address, "-L"]);
  assert.match(listed, new RegExp(`broker 1 at ${address}`));
  assert.match(listed, /topic "orders" with 1 partitions/);
});

test("kcat produces and consumes, with every compression and idempotent", async (address) => {
  const expected: string[] = [];
  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
    const lines = Array.from({ length: 100 }, (_, i) => `key:${codec}-${i}`);
    const args = ["-b", address, "-P", "-t", "t", "-K:", "-z", codec, "-X", "enable.idempotence=true"];
    await kcat(args, lines.join("\n") + "\n");
    expected.push(...lines);
  }
  const got = await kcat(["-b", address, "-C", "-t", "t", "-o", "beginning", "-e", "-q", "-K:"]);
  assert.deepEqual(got.trim().split("\n"), expected);
  assert.equal(
    (await kcat(["-b", address, "-C", "-t", "t", "-o", "-2", "-e", "-q"])).trim().split("\n").length,
    2,
  );
});

test("kcat consumes in a group, and goes on where the group was", async (address) => {
  await kcat(["-b", address, "-P", "-t", "t"], "a\nb\n");
  const consume = () => kcat(["-b", address, "-G", "g", "-X", "auto.offset.reset=earliest", "-e", "-q", "t"]);
  assert.equal(await consume(), "a\nb\n");
  await kcat(["-b", address, "-P", "-t", "t"], "c\n");
  assert.equal(await consume(), "c\n");
});

test("kcat asks for offsets by time", async (address) => {
  await kcat(["-b", address, "-P", "-t", "t"], "a\nb\nc\n");
  assert.match(await kcat(["-b", address, "-Q", "-t", "t:0:-1"]), /offset 3/);
  assert.match(await kcat(["-b", address, "-Q", "-t", "t:0:1"]), /offset 0/);
});
