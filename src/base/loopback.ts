/**
 * Which addresses are this machine's alone.
 *
 * @module
 */

/** Whether only this machine can come there. */
export function isLoopback(hostname: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(hostname);
}
