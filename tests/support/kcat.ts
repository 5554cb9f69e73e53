/**
 * kcat: a client of librdkafka's, which shares no code with ours.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Whether kcat is there. */
export const hasKcat = await isInstalled();

async function isInstalled(): Promise<boolean> {
  try {
    return (await new Deno.Command("kcat", { args: ["-V"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** How long a run may take: what waits for a record that does not come is to fail, not to hang. */
const TIMEOUT_MS = 60_000;

/** Runs kcat. @returns its standard output */
export async function kcat(args: string[], input = ""): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const child = new Deno.Command("kcat", { args, stdin: "piped", stdout: "piped", stderr: "piped", signal })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}
