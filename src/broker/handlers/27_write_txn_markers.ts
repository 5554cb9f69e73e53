/**
 * WriteTxnMarkers, v1-2: ends transactions in partitions, whatever the coordinator knows of them.
 *
 * Behaviour: for a person who aborts what hangs, with kafka-transactions; the broker's own coordinator needs no request, and
 * ends the transaction once more when its time has come. An epoch of the past is refused, of a producer or of a coordinator.
 * Not modelled: __consumer_offsets, which is no topic here.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from "../../wire/messages/27_write_txn_markers.ts";
import type { Infer, Input } from "../../wire/schema.ts";
import { defineApi } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Partition } from "../state/partition.ts";
import { StorageError } from "../state/storage.ts";

const log = logger("broker");

type Marker = Infer<typeof WriteTxnMarkersRequest>["markers"][number];
type Response = Input<typeof WriteTxnMarkersResponse>;

export const writeTxnMarkers = defineApi(
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
  ({ markers }, { state }) => {
    const written = new Set<Partition>();
    const respond = (errorCode: (marker: Marker, topic: string, index: number) => number): Response => ({
      markers: markers.map((marker) => ({
        producerId: marker.producerId,
        topics: marker.topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            errorCode: errorCode(marker, name, partitionIndex),
          })),
        })),
      })),
    });
    const answer = respond((marker, topic, index) => write(state, marker, topic, index, written));
    for (const partition of written) partition.waiters.wake(Infinity);
    return state.whenSafe([...written], answer, () => respond(() => ErrorCode.KAFKA_STORAGE_ERROR));
  },
);

/** Writes a marker into a partition. Nobody is woken yet. @returns an error code */
function write(
  state: BrokerState,
  marker: Marker,
  name: string,
  index: number,
  written: Set<Partition>,
): number {
  const topic = state.topics.get(name);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (partition.fault !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (marker.producerId < 0n || marker.producerEpoch < 0) return ErrorCode.UNKNOWN_SERVER_ERROR;
  const errorCode = partition.judgeMarker(marker);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  try {
    const end = { ...marker, isCommit: marker.transactionResult };
    partition.endTransaction(end, topic.config, state.clock.epochMs());
    written.add(partition);
    return ErrorCode.NONE;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const reason = describeError(error);
    if (partition.isNewFailure(reason)) log.error(`${name}-${index}: ${reason}`);
    return ErrorCode.KAFKA_STORAGE_ERROR;
  }
}
