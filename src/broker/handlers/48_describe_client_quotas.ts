/**
 * DescribeClientQuotas, v0-1: the quotas of users, clients and addresses, of which there are none.
 *
 * Behaviour: what is asked for is checked as Kafka does it; kafka-configs needs the answer to tell of users at all.
 * Not modelled: quotas. There is no AlterClientQuotas to set any.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from "../../wire/messages/48_describe_client_quotas.ts";
import type { Infer } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { invalidRequest } from "./config_resources.ts";
import type { Refusal } from "./topic_rules.ts";

type Component = Infer<typeof DescribeClientQuotasRequest>["components"][number];

const IP = "ip";
const ENTITY_TYPES: ReadonlySet<string> = new Set([IP, "user", "client-id"]);
const MatchType = { EXACT: 0, DEFAULT: 1, SPECIFIED: 2 } as const;

export const describeClientQuotas = defineApi(
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
  ({ components }) => {
    const refusal = refuse(components);
    return refusal === undefined
      ? { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: "", entries: [] }
      : { throttleTimeMs: 0, ...refusal, entries: null };
  },
);

/** What is wrong with a filter, undefined when nothing is. Kafka's order and words (ClientQuotasImage.java). */
function refuse(components: readonly Component[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const component of components) {
    const { entityType } = component;
    if (entityType === "") return invalidRequest("Invalid empty entity type.");
    if (seen.has(entityType)) {
      return invalidRequest(`Entity type ${entityType} cannot appear more than once in the filter.`);
    }
    if (!ENTITY_TYPES.has(entityType)) {
      const errorMessage = `Unsupported entity type ${entityType}`;
      return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage };
    }
    const wrong = refuseMatch(component);
    if (wrong !== undefined) return invalidRequest(wrong);
    seen.add(entityType);
  }
  if (!seen.has(IP) || seen.size === 1) return undefined;
  return invalidRequest(
    "Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.",
  );
}

function refuseMatch({ matchType, match }: Component): string | undefined {
  switch (matchType) {
    case MatchType.EXACT:
      return match === null ? "Request specified MATCH_TYPE_EXACT, but set match string to null." : undefined;
    case MatchType.DEFAULT:
    case MatchType.SPECIFIED: {
      const name = matchType === MatchType.DEFAULT ? "DEFAULT" : "SPECIFIED";
      return match === null
        ? undefined
        : `Request specified MATCH_TYPE_${name}, but also specified a match string.`;
    }
    default:
      return `Unknown match type ${matchType}`;
  }
}
