/**
 * How to reach a Kafka cluster: plain data, so that it goes to workers by structured clone.
 *
 * @module
 */

/** The protocols that Kafka's `security.protocol` names. */
export const SECURITY_PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
export type SecurityProtocol = typeof SECURITY_PROTOCOLS[number];

/** The SASL mechanisms that are spoken. */
export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type SaslMechanism = typeof SASL_MECHANISMS[number];

/** Who to be, for a cluster that asks. */
export interface SaslSettings {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

/** Settings of every client. */
export interface KafkaSettings {
  /** `host:port` each; the first that answers leads to the others. */
  readonly bootstrapServers: readonly string[];
  /** Shown by the cluster in its logs and group descriptions. */
  readonly clientId: string;
  readonly securityProtocol: SecurityProtocol;
  /** The certificate authority to trust, as PEM text; without it the system's. */
  readonly ca?: string;
  /** Needed by the SASL protocols. */
  readonly sasl?: SaslSettings;
}
