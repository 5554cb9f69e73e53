/**
 * SaslAuthenticate (API key 36): a step of the SASL exchange.
 *
 * @module
 */
import { bytes, defineRequest, defineResponse, type Infer, int16, int64, string } from "../schema.ts";

export const SaslAuthenticateRequest = defineRequest({
  apiKey: 36,
  name: "SaslAuthenticateRequest",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    authBytes: bytes("0+"),
  },
});
export type SaslAuthenticateRequest = Infer<typeof SaslAuthenticateRequest>;

export const SaslAuthenticateResponse = defineResponse({
  apiKey: 36,
  name: "SaslAuthenticateResponse",
  validVersions: "0-2",
  flexibleVersions: "2+",
  fields: {
    errorCode: int16("0+"),
    errorMessage: string("0+", { nullableVersions: "0+" }),
    authBytes: bytes("0+"),
    sessionLifetimeMs: int64("1+", { default: 0n }),
  },
});
export type SaslAuthenticateResponse = Infer<typeof SaslAuthenticateResponse>;
