import assert from "node:assert/strict";
import { CERTIFIED_HOST, makeCertificates } from "../support/apache_kafka_security.ts";
import { hasKcat, kcat } from "../support/kcat.ts";
import { Place } from "./processes.ts";

const PASSWORD = "correct-horse";

Deno.test({
  name: "parley broker asks who comes, encrypts, listens everywhere then, and tells no password",
  ignore: !hasKcat,
  async fn() {
    await using place = new Place();
    await makeCertificates(place.folder);
    const file = (name: string) => `${place.folder}/${name}`;
    await Deno.writeTextFile(file("users"), `# who may come\nalice = ${PASSWORD}\n`);
    const broker = place.start([
      ...["broker", "--memory", "--listen", "0.0.0.0:0", "--users", file("users"), "--sasl", "SCRAM-SHA-256"],
      ...["--tls-cert", file("node.pem"), "--tls-key", file("node.key")],
    ]);
    await broker.untilStdout(/\n/);
    const port = /^ready on 0\.0\.0\.0:(\d+),/.exec(broker.stdout)?.[1];
    const args = (password: string) => [
      ...["-b", `${CERTIFIED_HOST}:${port}`, "-X", "security.protocol=SASL_SSL", "-t", "t"],
      ...["-X", `ssl.ca.location=${file("ca.pem")}`, "-X", "sasl.mechanism=SCRAM-SHA-256"],
      ...["-X", "sasl.username=alice", "-X", `sasl.password=${password}`],
    ];
    await kcat([...args(PASSWORD), "-P"], "hello\n");
    assert.equal(await kcat([...args(PASSWORD), "-C", "-e", "-q"]), "hello\n");
    await assert.rejects(kcat([...args("s3cret-guess"), "-L", "-m", "3"]));
    broker.kill("SIGTERM");
    assert.equal(await broker.ended(), 0);
    assert.match(broker.stderr, /could not authenticate itself/);
    assert.doesNotMatch(broker.stdout + broker.stderr, /correct-horse|s3cret-guess/);
  },
});
