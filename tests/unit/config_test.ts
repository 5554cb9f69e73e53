import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ConfigError } from "../../src/base/errors.ts";
import { addressText, type ConfigSources, loadConfig, parseAddress } from "../../src/config.ts";

const SECRET = "correct horse battery staple";

/** A world with these variables, and no `.env` unless one is named. */
function sources(environment: Record<string, string>, more: ConfigSources = {}): ConfigSources {
  const all: Record<string, string> = { HOME: "/home/tony", ...environment };
  return { environment: (name) => all[name], envFile: "/nowhere/.env", ...more };
}

function faultsOf(environment: Record<string, string>, more: ConfigSources = {}): readonly string[] {
  try {
    loadConfig(sources(environment, more));
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
  return [];
}

Deno.test("loadConfig() without settings means the embedded broker on its default place", () => {
  const config = loadConfig(sources({}));
  assert.equal(config.kafka, undefined);
  assert.deepEqual(config.listen, { hostname: "127.0.0.1", port: 9092 });
  assert.equal(config.dataFolder, join("/home/tony", ".local", "share", "parley"));
  assert.equal(config.color, true);
  assert.ok(Object.isFrozen(config));
});

Deno.test("loadConfig() puts the data where XDG_DATA_HOME or PARLEY_DATA says", () => {
  assert.equal(loadConfig(sources({ XDG_DATA_HOME: "/data" })).dataFolder, join("/data", "parley"));
  assert.equal(loadConfig(sources({ XDG_DATA_HOME: "/data", PARLEY_DATA: "/log" })).dataFolder, "/log");
  assert.match(faultsOf({ HOME: "" }).join(), /PARLEY_DATA: there is no home folder/);
});

Deno.test("loadConfig() takes a flag before the environment before .env", async () => {
  const folder = await Deno.makeTempDir();
  const envFile = join(folder, ".env");
  await Deno.writeTextFile(envFile, "KAFKA_BOOTSTRAP_SERVERS=file:1\nPARLEY_DATA='/from/file'\n");
  const servers = (environment: Record<string, string>, flags = {}) =>
    loadConfig(sources(environment, { envFile, flags })).kafka?.bootstrapServers;
  assert.deepEqual(servers({}), ["file:1"]);
  assert.deepEqual(servers({ KAFKA_BOOTSTRAP_SERVERS: "environment:2" }), ["environment:2"]);
  // An empty variable is one that is not set.
  assert.deepEqual(servers({ KAFKA_BOOTSTRAP_SERVERS: "" }), ["file:1"]);
  const flags = { KAFKA_BOOTSTRAP_SERVERS: "flag:3, flag:4" };
  assert.deepEqual(servers({ KAFKA_BOOTSTRAP_SERVERS: "environment:2" }, flags), ["flag:3", "flag:4"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadConfig() reads what Confluent Cloud's pages give", () => {
  const { kafka } = loadConfig(sources({
    KAFKA_BOOTSTRAP_SERVERS: "pkc-1.eu.confluent.cloud:9092",
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_MECHANISMS: "PLAIN",
    KAFKA_SASL_USERNAME: "KEY",
    KAFKA_SASL_PASSWORD: SECRET,
  }));
  assert.deepEqual(kafka, {
    bootstrapServers: ["pkc-1.eu.confluent.cloud:9092"],
    clientId: "parley",
    securityProtocol: "SASL_SSL",
    sasl: { mechanism: "PLAIN", username: "KEY", password: SECRET },
  });
});

Deno.test("loadConfig() reads SCRAM in any case, and a CA file", async () => {
  const folder = await Deno.makeTempDir();
  const ca = join(folder, "ca.pem");
  await Deno.writeTextFile(ca, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
  const { kafka } = loadConfig(sources({
    KAFKA_BOOTSTRAP_SERVERS: "[::1]:9093",
    KAFKA_SECURITY_PROTOCOL: "sasl_ssl",
    KAFKA_SASL_MECHANISMS: "scram-sha-512",
    KAFKA_SASL_USERNAME: "tony",
    KAFKA_SASL_PASSWORD: SECRET,
    KAFKA_SSL_CA_LOCATION: ca,
  }));
  assert.equal(kafka?.sasl?.mechanism, "SCRAM-SHA-512");
  assert.match(kafka?.ca ?? "", /BEGIN CERTIFICATE/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadConfig() reports every fault at once, with the setting and where it came from", () => {
  const faults = faultsOf({
    KAFKA_BOOTSTRAP_SERVERS: "localhost,ok:9092",
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_MECHANISMS: "GSSAPI",
    KAFKA_SASL_PASSWORD: SECRET,
    KAFKA_SSL_CA_LOCATION: "/nowhere/ca.pem",
  }, { flags: { PARLEY_LISTEN: "0.0.0.0:9092" } });
  const expected = [
    /^KAFKA_BOOTSTRAP_SERVERS \(environment\): 'localhost' is not HOST:PORT$/,
    /^KAFKA_SASL_MECHANISMS \(environment\): 'GSSAPI' is not known: it is one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512$/,
    /^KAFKA_SASL_USERNAME: SASL_SSL needs a user name$/,
    /^KAFKA_SSL_CA_LOCATION \(environment\): '\/nowhere\/ca.pem' cannot be read/,
    /^PARLEY_LISTEN \(--listen\): '0.0.0.0:9092' is not on loopback/,
  ];
  assert.equal(faults.length, expected.length, faults.join("\n"));
  for (const [i, pattern] of expected.entries()) assert.match(faults[i] ?? "", pattern);
});

for (
  const [name, environment, pattern] of [
    [
      "an unknown protocol",
      { KAFKA_SECURITY_PROTOCOL: "TLS" },
      /'TLS' is not known: it is one of PLAINTEXT, SSL/,
    ],
    ["security without a server", { KAFKA_SECURITY_PROTOCOL: "SSL" }, /BOOTSTRAP_SERVERS: SSL is asked for/],
    ["a user name that would not be used", {
      KAFKA_BOOTSTRAP_SERVERS: "a:1",
      KAFKA_SASL_USERNAME: "tony",
    }, /KAFKA_SASL_USERNAME \(environment\): it would not be used/],
    ["SASL without a mechanism", {
      KAFKA_BOOTSTRAP_SERVERS: "a:1",
      KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
      KAFKA_SASL_USERNAME: "tony",
      KAFKA_SASL_PASSWORD: SECRET,
    }, /KAFKA_SASL_MECHANISMS: SASL_PLAINTEXT needs one of/],
    ["SASL without a password", {
      KAFKA_BOOTSTRAP_SERVERS: "a:1",
      KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
      KAFKA_SASL_MECHANISMS: "PLAIN",
      KAFKA_SASL_USERNAME: "tony",
    }, /KAFKA_SASL_PASSWORD: SASL_PLAINTEXT needs a password/],
    ["a CA that would not be used", {
      KAFKA_BOOTSTRAP_SERVERS: "a:1",
      KAFKA_SSL_CA_LOCATION: "/ca.pem",
    }, /KAFKA_SSL_CA_LOCATION \(environment\): it would not be used/],
    ["an empty list entry", { KAFKA_BOOTSTRAP_SERVERS: "a:1,,b:2" }, /'' is not HOST:PORT/],
    ["port 0 of a server", { KAFKA_BOOTSTRAP_SERVERS: "a:0" }, /'a:0' is not HOST:PORT/],
    ["a port beyond 65535", { PARLEY_LISTEN: "127.0.0.1:65536" }, /'127.0.0.1:65536' is not HOST:PORT/],
  ] as const
) {
  Deno.test(`loadConfig() refuses ${name}`, () => assert.match(faultsOf(environment).join("\n"), pattern));
}

Deno.test("loadConfig() never tells a secret", () => {
  const faults = faultsOf({
    KAFKA_BOOTSTRAP_SERVERS: "nonsense",
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_MECHANISMS: "nonsense",
    KAFKA_SASL_PASSWORD: SECRET,
  });
  assert.ok(faults.length > 2);
  assert.doesNotMatch(faults.join("\n"), new RegExp(SECRET));
});

Deno.test("loadConfig() goes without colour where NO_COLOR is set", () => {
  assert.equal(loadConfig(sources({ NO_COLOR: "1" })).color, false);
  assert.equal(loadConfig(sources({ NO_COLOR: "" })).color, true);
});

Deno.test("parseAddress() reads back what addressText() writes", () => {
  const hostname = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(hostname, fc.integer({ min: 0, max: 65_535 }), (hostname, port) => {
    assert.deepEqual(parseAddress(addressText({ hostname, port })), { hostname, port });
  }));
});

Deno.test("parseAddress() takes no text that is not an address", () => {
  for (
    const text of ["", ":", "host", "host:", ":1", "host:port", "a b:1", "::1:9092", "[::1]", "h:1:2", "h:-1"]
  ) {
    assert.equal(parseAddress(text), undefined, text);
  }
});
