import assert from "node:assert/strict";
import { parseUsers, readUsersFile } from "../../../../src/broker/security/users_file.ts";

Deno.test("parseUsers() reads lines as of properties", () => {
  const text = "# comment\n! another\n\nalice = s3cret=x \r\nbob=p#q\n";
  assert.deepEqual([...parseUsers(text, "f")], [["alice", "s3cret=x"], ["bob", "p#q"]]);
});

Deno.test("parseUsers() reads JSON", () => {
  assert.deepEqual([...parseUsers(' {"alice": "s3cret", "bob": "x y"}', "f")], [
    ["alice", "s3cret"],
    ["bob", "x y"],
  ]);
});

for (
  const [text, reason] of [
    ["", /there are none/],
    ["alice", /line 1: it is not NAME=PASSWORD/],
    ["a=x\n=hunter2", /line 2: a name is empty/],
    ["alice=", /'alice' has no password/],
    ["a=hunter2\na=hunter2", /line 2: 'a' is there twice/],
    ['{"alice": "hunter2"', /it is not JSON/],
    ['{"alice": 5}', /the password of 'alice' is not a string/],
    ["{}", /there are none/],
  ] as const
) {
  Deno.test(`parseUsers() refuses ${JSON.stringify(text)}, and tells no password`, () => {
    assert.throws(() => parseUsers(text, "users.txt"), (error) => {
      assert.ok(error instanceof Error && error.name === "ConfigError");
      assert.match(error.message, reason);
      assert.match(error.message, /'users.txt'/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
}

Deno.test("readUsersFile() says which file it cannot read", () => {
  assert.throws(() => readUsersFile("no-such-file"), { name: "ConfigError", message: /'no-such-file'/ });
});
