import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { COMPRESSION_TYPES, compressionTypeOf, readBatchHeader } from "../../src/wire/record_batch.ts";
import { hasKcat, kcat } from "../support/kcat.ts";
import { WireClient } from "../support/wire_client.ts";

const name = "kcat compresses by each codec, as the versions that the broker lists let it";

Deno.test({
  name: hasKcat ? name : `${name} (left out: kcat is not installed)`,
  ignore: !hasKcat,
  async fn() {
    await using broker = await startBroker();
    using client = await WireClient.connect(broker.address);
    for (const codec of COMPRESSION_TYPES) {
      await kcat(["-b", broker.address, "-P", "-t", codec, "-z", codec], `${"a".repeat(1000)}\n`);
      const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1 << 20,
        topics: [{
          topic: codec,
          partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }],
        }],
      });
      const records = responses[0]?.partitions[0]?.records ?? assert.fail(`no records in '${codec}'`);
      assert.equal(compressionTypeOf(readBatchHeader(records).attributes), codec);
    }
  },
});
