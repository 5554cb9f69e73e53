/**
 * ListTransactions, v0-2: the transactional ids in certain states, of certain producers, of long transactions, or whose
 * names match a pattern.
 *
 * Behaviour: names that are no states are told back. A pattern is matched in linear time, with the whole name.
 * Not modelled: of RE2's patterns, flags, Unicode and POSIX classes, \b and \Q (INVALID_REGULAR_EXPRESSION).
 *
 * @module
 */
import { LinearRegExp } from "../../base/linear_regexp.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from "../../wire/messages/66_list_transactions.ts";
import type { Infer } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import { type Transaction, TRANSACTION_STATES } from "../state/transaction.ts";

/** Kafka's other states: a transaction is in them for no longer than a step, and so is never found there. */
const PASSING_STATES = ["Dead", "PrepareEpochFence"];
const STATES: ReadonlySet<string> = new Set([...TRANSACTION_STATES, ...PASSING_STATES]);

export const listTransactions = defineApi(
  ListTransactionsRequest,
  ListTransactionsResponse,
  (request, { state }) => {
    const nowMs = state.clock.epochMs();
    const pattern = parsePattern(request.transactionalIdPattern);
    if (pattern === null) {
      const errorCode = ErrorCode.INVALID_REGULAR_EXPRESSION;
      return { throttleTimeMs: 0, errorCode, unknownStateFilters: [], transactionStates: [] };
    }
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      unknownStateFilters: request.stateFilters.filter((name) => !STATES.has(name)),
      transactionStates: [...state.transactions.all()]
        .filter((transaction) => isWanted(transaction, request, nowMs))
        .filter(({ transactionalId }) => pattern?.matches(transactionalId) ?? true)
        .map(({ transactionalId, producerId, state: transactionState }) => ({
          transactionalId,
          producerId,
          transactionState,
        })),
    };
  },
);

/** The expression, undefined when there is none, null when it is not readable. */
function parsePattern(text: string | null): LinearRegExp | undefined | null {
  if (text === null || text === "") return undefined;
  try {
    return new LinearRegExp(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

function isWanted(
  transaction: Transaction,
  { stateFilters, producerIdFilters, durationFilter }: Infer<typeof ListTransactionsRequest>,
  nowMs: number,
): boolean {
  if (producerIdFilters.length > 0 && !producerIdFilters.includes(transaction.producerId)) return false;
  if (stateFilters.length > 0 && !stateFilters.includes(transaction.state)) return false;
  return durationFilter < 0n || nowMs - transaction.startedAtMs > Number(durationFilter);
}
