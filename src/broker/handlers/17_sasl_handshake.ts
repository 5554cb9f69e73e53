/**
 * SaslHandshake, v0-1: which SASL mechanism is going to be used.
 *
 * Behaviour: Kafka's. After v0 the mechanism's tokens come bare, with nothing but their size; after v1 in
 * SaslAuthenticate. A mechanism that is not enabled is answered with those that are, and the connection is closed. Where
 * nobody is asked who it is, and after an authentication that holds for ever, it is ILLEGAL_SASL_STATE.
 * Not modelled: GSSAPI, OAUTHBEARER, delegation tokens.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { SaslHandshakeRequest, SaslHandshakeResponse } from "../../wire/messages/17_sasl_handshake.ts";
import { defineApi } from "../api.ts";

export const saslHandshake = defineApi(
  SaslHandshakeRequest,
  SaslHandshakeResponse,
  ({ mechanism }, { connection: { sasl }, apiVersion }) => {
    if (sasl === undefined) return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] };
    switch (sasl.handshake(mechanism, apiVersion)) {
      case "illegal-state":
        return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] };
      case "unsupported-mechanism":
        return { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms: sasl.mechanisms };
      case undefined:
        return { errorCode: ErrorCode.NONE, mechanisms: sasl.mechanisms };
    }
  },
);
