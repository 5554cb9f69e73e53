/**
 * Tests that use what registries give beside npm's (other clients, Java's tools) run in CI, and with `deno task test:kafka`,
 * which fetches Apache Kafka itself. `deno task test` needs no network elsewhere.
 *
 * @module
 */
const mayFetch = Deno.env.get("CI") !== undefined;

/** Why a test that fetches something cannot run, undefined when it can. @param missing what it says where `isThere` is false */
export function whyNotFetched(isThere: boolean, missing: string): string | undefined {
  if (!mayFetch) return "it fetches what it runs; CI=true lets it";
  return isThere ? undefined : missing;
}

/** A test's name, with the reason for leaving it out. */
export function named(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (ignored: ${reason})`;
}
