/**
 * SaslAuthenticate, v0-2: a step of the SASL exchange.
 *
 * Behaviour: PLAIN and SCRAM (see security/). A failure is answered a little later, in Kafka's words, and closes the
 * connection. `sessionLifetimeMs` tells how long the authentication holds, where it does not hold for ever; who does not
 * authenticate itself again until then is closed with its next request.
 * Not modelled: GSSAPI, OAUTHBEARER, delegation tokens. Another API in the middle of an exchange is not answered with
 * ILLEGAL_SASL_STATE, but for ApiVersions and SaslHandshake: the connection is closed all the same. A user whom nobody knows
 * is told so only when the exchange ends, as by a wrong password.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from "../../wire/messages/36_sasl_authenticate.ts";
import { defineApi } from "../api.ts";

const NOTHING = new Uint8Array();

export const saslAuthenticate = defineApi(
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
  ({ authBytes }, { connection: { sasl } }) => {
    const outcome = sasl?.authenticate(authBytes);
    if (outcome === undefined) {
      return {
        errorCode: ErrorCode.ILLEGAL_SASL_STATE,
        errorMessage: "SaslAuthenticate request received after successful authentication",
        authBytes: NOTHING,
      };
    }
    const { step, sessionLifetimeMs } = outcome;
    if (step.type === "failed") {
      return {
        errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED,
        errorMessage: step.message ?? null,
        authBytes: NOTHING,
      };
    }
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: "",
      authBytes: step.bytes,
      sessionLifetimeMs: BigInt(sessionLifetimeMs),
    };
  },
);
