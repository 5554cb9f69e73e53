/**
 * A proxy that lets through whoever gives the right user name and password by SASL PLAIN (RFC 4616), in front of a
 * broker that does not ask.
 *
 * @module
 */
import { APIS } from "../../src/wire/apis.ts";
import { encodeResponse, FRAME_SIZE_BYTES, readRequestHeader } from "../../src/wire/frame.ts";
import { SaslHandshakeRequest, SaslHandshakeResponse } from "../../src/wire/messages/17_sasl_handshake.ts";
import { ApiVersionsResponse } from "../../src/wire/messages/18_api_versions.ts";
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from "../../src/wire/messages/36_sasl_authenticate.ts";
import { Reader } from "../../src/wire/reader.ts";
import { FaultProxy } from "./fault_proxy.ts";

const UNSUPPORTED_SASL_MECHANISM = 33;
const SASL_AUTHENTICATION_FAILED = 58;

/** A gate before the broker at `address`. Its refusal repeats the password, as no server should. */
export function startSaslGate(address: string, username: string, password: string): FaultProxy {
  const proxy = FaultProxy.start(address);
  proxy.onRequest = (apiKey, frame) => {
    const reader = new Reader(frame.subarray(FRAME_SIZE_BYTES));
    const { requestApiVersion: version, correlationId } = readRequestHeader(reader);
    switch (apiKey) {
      case ApiVersionsResponse.apiKey:
        return encodeResponse(ApiVersionsResponse, version, correlationId, {
          errorCode: 0,
          apiKeys: spoken(),
        });
      case SaslHandshakeRequest.apiKey: {
        const { mechanism } = SaslHandshakeRequest.decode(reader, version);
        const errorCode = mechanism === "PLAIN" ? 0 : UNSUPPORTED_SASL_MECHANISM;
        return encodeResponse(SaslHandshakeResponse, version, correlationId, {
          errorCode,
          mechanisms: ["PLAIN"],
        });
      }
      case SaslAuthenticateRequest.apiKey: {
        const { authBytes } = SaslAuthenticateRequest.decode(reader, version);
        const given = new TextDecoder().decode(authBytes);
        const [, name, secret] = given.split("\0");
        const isRight = name === username && secret === password;
        return encodeResponse(SaslAuthenticateResponse, version, correlationId, {
          errorCode: isRight ? 0 : SASL_AUTHENTICATION_FAILED,
          errorMessage: isRight ? null : `${name} is not known by ${secret}`,
          authBytes: new Uint8Array(0),
        });
      }
      default:
        return "pass";
    }
  };
  return proxy;
}

/** All APIs that are defined: the broker behind the gate speaks those that are asked for. */
function spoken() {
  return [...APIS].map(([apiKey, { request: { minVersion, maxVersion } }]) => ({
    apiKey,
    minVersion,
    maxVersion,
  }));
}
