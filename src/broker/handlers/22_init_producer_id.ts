/**
 * InitProducerId, v0-5: gives a producer its id and epoch. Without a transactional id each is new; with one it is that of
 * the transactional id, with the next epoch, which fences whoever had it before.
 *
 * Behaviour: a transaction under way is aborted first, and the producer told to ask again (CONCURRENT_TRANSACTIONS). A
 * producer that names its id and epoch goes on with the next epoch, unless another has come between (KIP-360). Ids are
 * given once, also across restarts; in fsync mode also across a power loss.
 * Not modelled: v6 (unstable in Kafka, for two-phase commit). More transactional ids than the limit: POLICY_VIOLATION.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { InitProducerIdRequest, InitProducerIdResponse } from "../../wire/messages/22_init_producer_id.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../wire/record_batch.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import { Later } from "../state/later.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Request = Infer<typeof InitProducerIdRequest>;
type Response = Input<typeof InitProducerIdResponse>;

/** Kafka's newest stable version. */
const MAX_VERSION = 5;
/** From this version on a client knows PRODUCER_FENCED. */
const FENCED_SINCE = 4;

export const initProducerId = defineApi(
  InitProducerIdRequest,
  InitProducerIdResponse,
  (request, { state, apiVersion }) => {
    const told = (response: Response): Response =>
      apiVersion < FENCED_SINCE && response.errorCode === ErrorCode.PRODUCER_FENCED
        ? refused(ErrorCode.INVALID_PRODUCER_EPOCH)
        : response;
    try {
      const response = handle(request, state);
      return response instanceof Later ? response.map(told) : told(response);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot give out a producer id: ${describeError(error)}`);
      return refused(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    }
  },
  { maxVersion: MAX_VERSION },
);

function handle(request: Request, state: BrokerState): Response | Later<Response> {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request;
  const isNamed = producerId !== NO_PRODUCER_ID;
  if (isNamed !== (producerEpoch !== NO_PRODUCER_EPOCH)) return refused(ErrorCode.INVALID_REQUEST);
  if (transactionalId === null) {
    const answer = {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      producerId: state.producerIds.take(),
      producerEpoch: 0,
    };
    const failed = () => refused(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    return state.whenSafe<Response>([state.producerIds], answer, failed);
  }
  const named = isNamed ? { producerId, producerEpoch } : undefined;
  const result = state.transactions.initProducerId(transactionalId, transactionTimeoutMs, named);
  const respond = (given: Omit<Response, "throttleTimeMs">): Response => ({ throttleTimeMs: 0, ...given });
  return result instanceof Later ? result.map(respond) : respond(result);
}

function refused(errorCode: number): Response {
  return { throttleTimeMs: 0, errorCode, producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH };
}
