/**
 * The captured frames of tests/fixtures/wire.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const FOLDER = new URL("../fixtures/wire/", import.meta.url);

/** A frame that a real client or broker has sent. */
export interface CapturedFrame {
  /** The client's folder and the file's name. */
  readonly name: string;
  readonly apiKey: number;
  readonly version: number;
  readonly kind: "request" | "response";
  /** The whole frame, its size in front. */
  readonly bytes: Uint8Array;
}

/** All captured frames, by client, API and version. */
export function capturedFrames(): CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  for (const client of Deno.readDirSync(FOLDER)) {
    if (!client.isDirectory) continue;
    for (const file of Deno.readDirSync(new URL(`${client.name}/`, FOLDER))) {
      frames.push(readFrame(`${client.name}/${file.name}`));
    }
  }
  return frames.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The frame in the file `name`, such as `kcat-1.7.1/00_produce_v7_request.hex`. */
export function capturedFrame(name: string): Uint8Array {
  return readFrame(name).bytes;
}

function readFrame(name: string): CapturedFrame {
  const match = /\/(\d+)_\w+_v(\d+)_(request|response)\.hex$/.exec(name);
  if (match === null) throw new TypeError(`Cannot tell what ${name} holds`);
  const hex = Deno.readTextFileSync(new URL(name, FOLDER)).replace(/\s/g, "");
  return {
    name,
    apiKey: Number(match[1]),
    version: Number(match[2]),
    kind: match[3] === "request" ? "request" : "response",
    bytes: new Uint8Array(Buffer.from(hex, "hex")),
  };
}
