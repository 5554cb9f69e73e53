/** ApiVersions, and what becomes of requests that a broker does not serve. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { conform, like } from "../support/conform.ts";
import { WireClient } from "../support/wire_client.ts";
import { ApiVersions } from "../support/wire_pairs.ts";

const CORRELATION_ID = 77;
/** No client id, and of a flexible header no tagged fields. */
const REST = { plain: [0xff, 0xff], flexible: [0xff, 0xff, 0] } as const;

function frame(apiKey: number, apiVersion: number, rest: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(12 + rest.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 8 + rest.length);
  view.setInt16(4, apiKey);
  view.setInt16(6, apiVersion);
  view.setInt32(8, CORRELATION_ID);
  bytes.set(rest, 12);
  return bytes;
}

conform(ApiVersions, "tells which versions it has to a client that is newer", async ({ address }) => {
  for (const version of [5, 99, 0x7fff]) {
    using client = await WireClient.connect(address);
    await client.sendRaw(frame(ApiVersions.request.apiKey, version, REST.flexible));
    const { errorCode, apiKeys } = await client.receive(ApiVersions.response, 0, CORRELATION_ID);
    assert.equal(errorCode, ErrorCode.UNSUPPORTED_VERSION);
    assert.deepEqual(apiKeys, [{ apiKey: ApiVersions.request.apiKey, minVersion: 0, maxVersion: 4 }]);
    // And the connection goes on.
    like(await client.call(ApiVersions.request, ApiVersions.response, 0, {}), { errorCode: ErrorCode.NONE });
  }
}, { versions: [4] });

conform(
  ApiVersions,
  "closes the connection of an API or a version that there is not",
  async ({ address }) => {
    const [produce, fetch, listOffsets, metadata, handshake, authenticate] = [0, 1, 2, 3, 17, 36];
    const asked = [
      ...[[999, 0], [-1, 0], [4, 0], [7, 0], [52, 0], [58, 0]],
      ...[[produce, 0], [produce, 2], [produce, 99], [fetch, 3], [fetch, 99], [listOffsets, 0]],
      ...[[metadata, -1], [metadata, 99], [handshake, 5], [authenticate, 9]],
    ];
    for (const [apiKey = 0, version = 0] of asked) {
      using client = await WireClient.connect(address);
      await client.sendRaw(frame(apiKey, version, REST.plain));
      assert.equal(await client.readFrame(), undefined, `API ${apiKey} v${version}`);
    }
  },
  { versions: [4] },
);

conform(
  ApiVersions,
  "tells of features, and takes the names that client software has",
  async ({ ask, version }) => {
    const named = { clientSoftwareName: "conform", clientSoftwareVersion: "1.0-beta.2" };
    const { errorCode, supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = await ask(
      ApiVersions,
      named,
    );
    assert.equal(errorCode, ErrorCode.NONE);
    const [supported, finalized] = [supportedFeatures, finalizedFeatures].map((features) =>
      features.some(({ name }) => name === "metadata.version")
    );
    assert.deepEqual([supported, finalized], [version >= 3, version >= 3]);
    assert.ok(finalizedFeaturesEpoch >= (version >= 3 ? 0n : -1n));
    if (version < 3) return;
    for (const clientSoftwareName of ["", "-x", "x y"]) {
      like(await ask(ApiVersions, { ...named, clientSoftwareName }), {
        errorCode: ErrorCode.INVALID_REQUEST,
        apiKeys: [],
      });
    }
  },
);
