/**
 * Where a member of a group begins to read: behind what the group has committed, else at an end of the log.
 *
 * @module
 */
import type { Assignment } from "./assignment.ts";
import type { Client } from "./client.ts";
import { resolveOffsets } from "./list_offsets.ts";
import type { CommittedOffset } from "./membership.ts";

/** A partition, and where to read it from. */
export interface StartingPoint extends CommittedOffset {
  /** Whether the group has committed this offset. */
  readonly isCommitted: boolean;
}

/** One point for each partition of `assignment`. @throws {KafkaError} as the cluster answers */
export async function startingPoints(
  client: Client,
  assignment: Assignment,
  committed: readonly CommittedOffset[],
  otherwise: "earliest" | "latest",
): Promise<StartingPoint[]> {
  const points = committed.map((offset) => ({ ...offset, isCommitted: true }));
  for (const [topic, partitions] of assignment) {
    const known = new Set(committed.filter((of) => of.topic === topic).map(({ partition }) => partition));
    const fresh = partitions.filter((partition) => !known.has(partition));
    const offsets = await resolveOffsets(client, topic, fresh, otherwise);
    points.push(
      ...fresh.map((partition) => ({
        topic,
        partition,
        offset: offsets.get(partition) ?? 0n,
        isCommitted: false,
      })),
    );
  }
  return points;
}
