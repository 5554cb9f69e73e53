/**
 * DescribeLogDirs, v1-5: what the data folder holds, and how large it is.
 *
 * Behaviour: one folder, with the partitions that are asked for and there; of all topics when none are named.
 * Not modelled: the size of the disk and what is free of it (-1: unknown), further folders, moving between them.
 *
 * @module
 */
import { ErrorCode } from "../../wire/error_codes.ts";
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from "../../wire/messages/35_describe_log_dirs.ts";
import { defineApi } from "../api.ts";
import type { Topic } from "../state/topic.ts";

export const describeLogDirs = defineApi(
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  (request, { state }) => {
    const wanted =
      request.topics?.map(({ topic, partitions }) => ({ topic: state.topics.get(topic), partitions })) ??
        [...state.topics.all()].map((topic) => ({ topic, partitions: [...topic.partitions.keys()] }));
    const topics = wanted.flatMap(({ topic, partitions }) =>
      topic === undefined ? [] : [{ name: topic.name, partitions: sizesOf(topic, partitions) }]
    ).filter(({ partitions }) => partitions.length > 0);
    return { throttleTimeMs: 0, results: [{ errorCode: ErrorCode.NONE, logDir: state.logDir, topics }] };
  },
);

function sizesOf(topic: Topic, indexes: readonly number[]) {
  return indexes.flatMap((partitionIndex) => {
    const partition = topic.partitions[partitionIndex];
    if (partition === undefined) return [];
    const partitionSize = BigInt(partition.log.sizeBytes);
    return [{ partitionIndex, partitionSize, offsetLag: 0n, isFutureKey: false }];
  });
}
