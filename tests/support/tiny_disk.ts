/**
 * A disk of its own for a test, where the system lets us have one: it can be full, and it can be read-only.
 *
 * @module
 */

async function runs(command: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Puts a disk of 256 KiB in a folder's place. @returns whether the system let us */
export function mountTiny(folder: string): Promise<boolean> {
  return runs("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]);
}

/** Lets the disk in a folder be only read from now on, or written again. @returns whether the system did */
export function remount(folder: string, mode: "ro" | "rw"): Promise<boolean> {
  return runs("mount", ["-o", `remount,${mode}`, folder]);
}

/** Takes the disk away again. */
export async function unmount(folder: string): Promise<void> {
  await runs("umount", [folder]);
}

/** Whether there can be such a disk: it takes `mount`, and the right to use it. */
export const canMount: boolean = await (async () => {
  const folder = await Deno.makeTempDir();
  const isMounted = await mountTiny(folder);
  if (isMounted) await unmount(folder);
  await Deno.remove(folder);
  return isMounted;
})();
