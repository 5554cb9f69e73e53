import assert from "node:assert/strict";
import fc from "fast-check";
import { mirror, smallTalk } from "../../../src/demos/chat/brains/small_talk.ts";

Deno.test("smallTalk() takes up what was said", () => {
  assert.match(smallTalk("I am tired of flying"), /tired of flying/);
  assert.match(smallTalk("activate my suit"), /your suit/);
  assert.match(smallTalk("The moon looks nice"), /The moon looks nice/);
});

Deno.test("smallTalk() says the same of the same", () => {
  assert.equal(smallTalk("Build me a suit!"), smallTalk("Build me a suit!"));
});

Deno.test("smallTalk() has a bounded answer to anything", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (text) => {
      const answer = smallTalk(text);
      assert.ok(answer.length > 0 && answer.length < 2_000);
    }),
  );
});

Deno.test("smallTalk() repeats what looks like a place to fill in", () => {
  assert.match(smallTalk("that costs $1 or $& or $0"), /that costs \$1 or \$& or \$0/);
});

Deno.test("mirror() looks from the other side", () => {
  assert.equal(mirror("my suit and your tea"), "your suit and my tea");
});
