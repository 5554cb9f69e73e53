import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { pbkdf2Sync } from "node:crypto";
import fc from "fast-check";
import { ScramExchange } from "../../../../src/broker/security/scram.ts";
import { credentialOf, deriveCredential } from "../../../../src/broker/security/scram_credential.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The example of RFC 7677, section 3. */
const RFC = {
  username: "user",
  password: "pencil",
  salt: Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"),
  iterations: 4096,
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

function rfcExchange(): ScramExchange {
  const saltedPassword = pbkdf2Sync(RFC.password, RFC.salt, RFC.iterations, 32, "sha256");
  const credential = credentialOf("SCRAM-SHA-256", { ...RFC, saltedPassword });
  return new ScramExchange(
    "SCRAM-SHA-256",
    (username) => username === RFC.username ? credential : undefined,
    () => RFC.nonce,
  );
}

Deno.test("ScramExchange.step() answers as in RFC 7677", () => {
  const exchange = rfcExchange();
  const first = exchange.step(encoder.encode(RFC.clientFirst));
  assert.ok(first.type === "challenge");
  assert.equal(decoder.decode(first.bytes), RFC.serverFirst);
  const last = exchange.step(encoder.encode(RFC.clientFinal));
  assert.ok(last.type === "done");
  assert.deepEqual([decoder.decode(last.bytes), last.username], [RFC.serverFinal, RFC.username]);
});

Deno.test("ScramExchange.step() lets nobody in by a final message that was changed anywhere", () => {
  fc.assert(
    fc.property(fc.nat(RFC.clientFinal.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const exchange = rfcExchange();
      exchange.step(encoder.encode(RFC.clientFirst));
      const bytes = encoder.encode(RFC.clientFinal);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      const { type } = exchange.step(bytes);
      // Base64 says the same in several ways: the last digit has bits that mean nothing.
      const isSame = decoder.decode(bytes).startsWith(RFC.clientFinal.slice(0, -2)) && type === "done";
      assert.ok(type === "failed" || isSame);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("ScramExchange.step() takes any bytes, and lets nobody in by them", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isSecond) => {
    const exchange = rfcExchange();
    if (isSecond) exchange.step(encoder.encode(RFC.clientFirst));
    assert.notEqual(exchange.step(bytes).type, "done");
  }));
});

Deno.test("ScramExchange.step() reads names with commas and equals signs in them", () => {
  const names: string[] = [];
  const exchange = new ScramExchange("SCRAM-SHA-512", (name) => {
    names.push(name);
    return undefined;
  });
  assert.equal(exchange.step(encoder.encode("n,a=a=3Db=2Cc,n=a=3Db=2Cc,r=x")).type, "challenge");
  assert.deepEqual(names, ["a=b,c"]);
});

Deno.test("deriveCredential() salts each password anew", () => {
  const [first, second] = [deriveCredential("SCRAM-SHA-512", "x"), deriveCredential("SCRAM-SHA-512", "x")];
  assert.notDeepEqual(first.salt, second.salt);
  assert.notDeepEqual(first.storedKey, second.storedKey);
  assert.deepEqual([first.storedKey.length, first.serverKey.length, first.iterations], [64, 64, 4096]);
});
