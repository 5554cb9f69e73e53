import assert from "node:assert/strict";
import { protocolDocument } from "../../docs/generate.ts";

Deno.test("docs/protocol.md is what the handlers' headers say", async () => {
  const written = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));
  assert.equal(written, await protocolDocument(), "docs/protocol.md is not current: deno task docs");
});
