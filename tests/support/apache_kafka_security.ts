/**
 * Listeners of Apache Kafka that encrypt, or ask who connects, with a certificate authority made for them.
 *
 * @module
 */

/** The protocols of the listeners that {@linkcode secureListeners} describes. */
export const SECURE_PROTOCOLS = ["SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
export type SecureProtocol = typeof SECURE_PROTOCOLS[number];

/** The mechanisms that each SASL listener takes: one of them not all, so that a client can choose a wrong one. */
const MECHANISMS = {
  SASL_PLAINTEXT: ["SCRAM-SHA-256", "SCRAM-SHA-512"],
  SASL_SSL: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
} as const;

/** The one name that the nodes' certificate is for. */
export const CERTIFIED_HOST = "localhost";

/** The only user whom the SASL listeners know. */
export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** What a node needs for the listeners. */
export interface SecureListeners {
  /** Lines of server.properties. */
  readonly config: Readonly<Record<string, string>>;
  /** Arguments of `StorageTool format`. */
  readonly formatArgs: readonly string[];
  /** The certificate authority, as PEM text. */
  readonly ca: string;
}

/** Makes the certificates in `folder`, and describes the listeners that use them. */
export async function secureListeners(folder: string, user: KafkaUser): Promise<SecureListeners> {
  const { ca, keystore } = await makeCertificates(folder);
  const config: Record<string, string> = { "ssl.keystore.type": "PEM", "ssl.keystore.location": keystore };
  const { username, password } = user;
  for (const [listener, mechanisms] of Object.entries(MECHANISMS)) {
    const prefix = `listener.name.${listener.toLowerCase()}`;
    config[`${prefix}.sasl.enabled.mechanisms`] = mechanisms.join(",");
    for (const mechanism of mechanisms) {
      config[`${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`] = mechanism === "PLAIN"
        ? `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`
        : "org.apache.kafka.common.security.scram.ScramLoginModule required;";
    }
  }
  const formatArgs = MECHANISMS.SASL_SSL.filter((mechanism) => mechanism !== "PLAIN").flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
  return { config, formatArgs, ca };
}

/** A certificate authority, as PEM text: another one for each `folder`. */
export async function makeAuthority(folder: string): Promise<string> {
  await openssl(folder, [
    ...NEW_CERTIFICATE,
    ...["-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  ]);
  return await Deno.readTextFile(`${folder}/ca.pem`);
}

/** `node.key`, `node.pem` and `ca.pem` in `folder`; and all of them in one PEM file, as Kafka takes it. */
export async function makeCertificates(folder: string): Promise<{ ca: string; keystore: string }> {
  const ca = await makeAuthority(folder);
  await openssl(folder, [
    ...NEW_CERTIFICATE,
    ...["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", `/CN=${CERTIFIED_HOST}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", `subjectAltName=DNS:${CERTIFIED_HOST}`],
    ...["-keyout", "node.key", "-out", "node.pem"],
  ]);
  const keystore = `${folder}/keystore.pem`;
  const parts = ["node.key", "node.pem", "ca.pem"].map((name) => Deno.readTextFile(`${folder}/${name}`));
  await Deno.writeTextFile(keystore, (await Promise.all(parts)).join(""));
  return { ca, keystore };
}

/** Arguments of `openssl` for a certificate of one day, its key in the clear. */
const NEW_CERTIFICATE = [
  ...["req", "-x509", "-days", "1", "-nodes"],
  ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
];

async function openssl(folder: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder, stdin: "null" })
    .output();
  if (!success) throw new Error(`Cannot make a certificate: ${new TextDecoder().decode(stderr)}`);
}
