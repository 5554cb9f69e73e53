/**
 * The broker seen from outside: `/health` and `/metrics`.
 *
 * @module
 */
import { describeError } from "../base/errors.ts";
import type { BrokerCounts } from "../broker/counts.ts";
import { type Address, addressText } from "../config.ts";
import { METRICS_TYPE, metricsText } from "./metrics_text.ts";

/** Options of {@linkcode serveBrokerHttp}. */
export interface BrokerHttpOptions {
  readonly listen: Address;
  /** Asks the broker; rejects when it does not answer. */
  readonly counts: () => Promise<BrokerCounts>;
  readonly version: string;
}

/** What serves. */
export interface BrokerHttp extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
}

/** Serves until it is disposed of. @throws {Deno.errors.AddrInUse} */
export function serveBrokerHttp({ listen, counts, version }: BrokerHttpOptions): BrokerHttp {
  /** However many ask at a time, the broker is asked once. */
  let asked: Promise<BrokerCounts> | undefined;
  const ask = () => asked ??= counts().finally(() => asked = undefined);
  const server = Deno.serve({ ...listen, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/health" && pathname !== "/metrics") {
      return text(404, "There is /health and /metrics\n");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    }
    try {
      const told = await ask();
      if (pathname === "/health") return Response.json({ status: "ok", version });
      return new Response(metricsText(told, version), { headers: { "content-type": METRICS_TYPE } });
    } catch (error) {
      if (pathname === "/metrics") return text(503, `${describeError(error)}\n`);
      return Response.json({ status: "down", reason: describeError(error), version }, { status: 503 });
    }
  });
  const { hostname, port } = server.addr;
  return {
    address: addressText({ hostname, port }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
