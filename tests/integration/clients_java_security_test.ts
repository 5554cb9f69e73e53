/** Java's clients and tools by SASL_SSL, with a password that kafka-configs has set. */
import assert from "node:assert/strict";
import { startBroker } from "../../src/testing.ts";
import { CERTIFIED_HOST, makeCertificates } from "../support/apache_kafka_security.ts";
import { hasJdk, KafkaTools } from "../support/kafka_tools.ts";
import { named, whyNotFetched } from "../support/registries.ts";

const reason = whyNotFetched(hasJdk, "no JDK");
const ADMIN = { username: "admin", password: "admins-secret" };
const ALICE = { username: "alice", password: "correct-horse" };

Deno.test({
  name: named("Java's clients come by SASL_SSL, and kafka-configs lets others in", reason),
  ignore: reason !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "parley-java-security-" });
    try {
      await makeCertificates(folder);
      await using broker = await startBroker({
        topics: [{ name: "t" }],
        listen: { hostname: CERTIFIED_HOST, port: 0 },
        security: {
          tls: { certFile: `${folder}/node.pem`, keyFile: `${folder}/node.key` },
          sasl: { users: { [ADMIN.username]: ADMIN.password } },
        },
      });
      const server = `${CERTIFIED_HOST}:${broker.address.split(":").at(-1)}`;
      const settingsOf = async (mechanism: string, { username, password }: typeof ALICE) => {
        const module = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
        const login = `org.apache.kafka.common.security.${module} required`;
        const file = `${folder}/${username}.properties`;
        const lines = [
          "security.protocol=SASL_SSL",
          `sasl.mechanism=${mechanism}`,
          `sasl.jaas.config=${login} username="${username}" password="${password}";`,
          "ssl.truststore.type=PEM",
          `ssl.truststore.location=${folder}/ca.pem`,
          "",
        ];
        await Deno.writeTextFile(file, lines.join("\n"));
        return file;
      };
      await using tools = await KafkaTools.start();
      const to = ["--bootstrap-server", server];
      const admin = await settingsOf("PLAIN", ADMIN);
      await tools.ok("kafka-configs", [
        ...[...to, "--command-config", admin, "--alter", "--entity-type", "users"],
        ...["--entity-name", ALICE.username],
        ...["--add-config", `SCRAM-SHA-512=[iterations=8192,password=${ALICE.password}]`],
      ]);
      const alice = await settingsOf("SCRAM-SHA-512", ALICE);
      const topic = [...to, "--topic", "t"];
      await tools.ok("kafka-console-producer", [...topic, "--command-config", alice], "hello\n");
      const read = [...topic, "--from-beginning", "--max-messages", "1", "--command-config", alice];
      assert.match(await tools.ok("kafka-console-consumer", read), /^hello$/m);
      const stranger = await settingsOf("PLAIN", { ...ADMIN, username: "admin", password: "s3cret-guess" });
      const { status, text } = await tools.run("kafka-topics", [
        ...to,
        "--command-config",
        stranger,
        "--list",
      ]);
      assert.equal(status, 1);
      assert.match(text, /Authentication failed: Invalid username or password/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
