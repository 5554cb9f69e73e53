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

/** Runs kcat. @returns its standard output */
export async function kcat(args: string[], input = ""): Promise<string> {
  const child = new Deno.Command("kcat", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}
