/**
 * SaslHandshake (API key 17): which SASL mechanism is going to be used.
 *
 * @module
 */
import { array, defineRequest, defineResponse, type Infer, int16, string } from "../schema.ts";

export const SaslHandshakeRequest = defineRequest({
  apiKey: 17,
  name: "SaslHandshakeRequest",
  validVersions: "0-1",
  flexibleVersions: "none",
  fields: {
    mechanism: string("0+"),
  },
});
export type SaslHandshakeRequest = Infer<typeof SaslHandshakeRequest>;

export const SaslHandshakeResponse = defineResponse({
  apiKey: 17,
  name: "SaslHandshakeResponse",
  validVersions: "0-1",
  flexibleVersions: "none",
  fields: {
    errorCode: int16("0+"),
    mechanisms: array("0+", "string"),
  },
});
export type SaslHandshakeResponse = Infer<typeof SaslHandshakeResponse>;
