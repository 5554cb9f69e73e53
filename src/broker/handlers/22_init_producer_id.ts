/**
 * InitProducerId, v0-5: gives an idempotent producer its id, each once, also across restarts; in fsync mode also across a power loss.
 *
 * Behaviour: as Kafka does without a transactional id, a producer that names the id it has gets a new one.
 * Not modelled: transactional ids (INVALID_REQUEST), v6 (unstable in Kafka, for two-phase commit).
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { InitProducerIdRequest, InitProducerIdResponse } from "../../wire/messages/22_init_producer_id.ts";
import type { Input } from "../../wire/schema.ts";
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { defineApi } from "../api.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Response = Input<typeof InitProducerIdResponse>;

/** Kafka's newest stable version. */
const MAX_VERSION = 5;

export const initProducerId = defineApi(
  InitProducerIdRequest,
  InitProducerIdResponse,
  (request, { state }) => {
    const refused = (errorCode: number) => ({
      throttleTimeMs: 0,
      errorCode,
      producerId: -1n,
      producerEpoch: -1,
    });
    if (request.transactionalId !== null) return refused(ErrorCode.INVALID_REQUEST);
    try {
      const answer = {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        producerId: state.producerIds.take(),
        producerEpoch: 0,
      };
      return state.whenSafe<Response>(
        [state.producerIds],
        answer,
        () => refused(ErrorCode.COORDINATOR_NOT_AVAILABLE),
      );
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(`Cannot give out a producer id: ${describeError(error)}`);
      return refused(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    }
  },
  { maxVersion: MAX_VERSION },
);
