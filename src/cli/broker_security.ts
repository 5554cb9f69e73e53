/**
 * The flags of `parley broker` for whom it serves, and how.
 *
 * @module
 */
import type { Command } from "commander";
import { ConfigError } from "../base/errors.ts";
import { SASL_MECHANISMS, type SaslMechanism } from "../broker/security/mechanism.ts";
import type { SaslOptions, SecurityOptions } from "../broker/security/options.ts";
import { type Address, parseAddress } from "../config.ts";

/** What {@linkcode addSecurityFlags} adds. */
export interface SecurityFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly users?: string;
  readonly sasl?: string;
  readonly advertise?: string;
  readonly insecure?: boolean;
}

/** Adds the flags. */
export function addSecurityFlags(command: Command): Command {
  const heading = "Security:";
  const flags: readonly (readonly [string, string])[] = [
    ["--tls-cert <FILE>", "encrypt: a PEM file with the certificate, and those above it"],
    ["--tls-key <FILE>", "a PEM file with the certificate's key"],
    [
      "--users <FILE>",
      'ask who it is: names and passwords, NAME=PASSWORD a line, or JSON {"NAME": "PASSWORD"}',
    ],
    ["--sasl <MECHANISMS>", `how: ${SASL_MECHANISMS.join(",")} (default: all)`],
    ["--advertise <HOST:PORT>", "where clients are told to come back to (default: where each came)"],
    ["--insecure", "listen beyond loopback (--listen, --http) though nobody is asked who it is"],
  ];
  for (const [flag, help] of flags) command.addOption(command.createOption(flag, help).helpGroup(heading));
  return command;
}

/** What the flags say. @throws {ConfigError} with all faults */
export function securityOf(flags: SecurityFlags): { security: SecurityOptions; advertised?: Address } {
  const { tlsCert, tlsKey, insecure = false } = flags;
  const faults: string[] = [];
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    faults.push("--tls-cert and --tls-key go together: only one of them is there");
  }
  const sasl = saslOf(flags, faults);
  const advertised = flags.advertise === undefined ? undefined : parseAddress(flags.advertise);
  if (flags.advertise !== undefined && (advertised === undefined || advertised.port === 0)) {
    faults.push(`--advertise: '${flags.advertise}' is not HOST:PORT`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    security: {
      ...(tlsCert === undefined || tlsKey === undefined
        ? {}
        : { tls: { certFile: tlsCert, keyFile: tlsKey } }),
      ...(sasl === undefined ? {} : { sasl }),
      insecure,
    },
    ...(advertised === undefined ? {} : { advertised }),
  };
}

function saslOf({ users, sasl }: SecurityFlags, faults: string[]): SaslOptions | undefined {
  if (users === undefined && sasl === undefined) return undefined;
  const mechanisms: SaslMechanism[] = [];
  for (const name of (sasl ?? SASL_MECHANISMS.join(",")).split(",").map((part) => part.trim())) {
    const mechanism = SASL_MECHANISMS.find((known) => known === name.toUpperCase());
    if (mechanism === undefined) {
      faults.push(`--sasl: '${name}' is not known: it is one of ${SASL_MECHANISMS.join(", ")}`);
    } else mechanisms.push(mechanism);
  }
  return { mechanisms, ...(users === undefined ? {} : { usersFile: users }) };
}
