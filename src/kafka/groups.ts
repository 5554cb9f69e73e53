/**
 * Groups: which there are, who is in them, and how far they are behind.
 *
 * @module
 */
import { act } from "./admin_action.ts";
import { type Assignment, decodeAssignment } from "./assignment.ts";
import type { Client } from "./client.ts";
import { toKafkaError } from "./errors.ts";
import { topicOffsets } from "./topics.ts";

/** A group and its members. */
export interface GroupState {
  readonly groupId: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    readonly assignment: Assignment;
  }[];
}

/** How far a group is behind in a partition. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The committed offset; undefined where nothing is committed. */
  readonly committed: bigint | undefined;
  readonly latest: bigint;
  /** Records not yet committed: from the earliest on where nothing is committed. */
  readonly lag: bigint;
}

/** The ids of the groups that a broker coordinates. */
export function listGroups(client: Client, nodeId: number): Promise<string[]> {
  return act(client, async () => {
    const link = await client.link(nodeId);
    const { groups } = await link.call("Cannot list groups", (broker) => broker.listGroups());
    return groups.map(({ groupId }) => groupId);
  });
}

/** A group that does not exist is told as `Dead`, without members. */
export function describeGroup(client: Client, groupId: string): Promise<GroupState> {
  const dead = { groupId, state: "Dead", members: [] };
  const action = `Cannot describe group '${groupId}'`;
  return act(client, async () => {
    using link = await client.dialCoordinator(groupId);
    try {
      const { groups: [group] } = await link.call(
        action,
        (broker) => broker.describeGroups({ groupIds: [groupId] }),
      );
      if (group === undefined) return dead;
      const members = group.members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
        memberId,
        clientId,
        host: clientHost.replace(/^\//, ""),
        assignment: decodeAssignment(memberAssignment),
      }));
      return { groupId, state: group.state, members };
    } catch (error) {
      const fault = toKafkaError(error, { action });
      if (fault.code === "GROUP_ID_NOT_FOUND") return dead;
      throw fault;
    }
  });
}

/** In each partition that the group has committed an offset for; with `topics`, in each partition of these. */
export async function groupLag(
  client: Client,
  groupId: string,
  topics?: readonly string[],
): Promise<PartitionLag[]> {
  const committed = await committedOffsets(client, groupId);
  const names = topics ?? [...committed.keys()].sort();
  const lags = await Promise.all(names.map(async (topic) => {
    const ofTopic = committed.get(topic);
    const offsets = await topicOffsets(client, topic);
    return offsets.filter(({ partition }) => topics !== undefined || ofTopic?.has(partition))
      .map(({ partition, earliest, latest }) => {
        const from = ofTopic?.get(partition);
        const lag = latest - (from ?? earliest);
        return { topic, partition, committed: from, latest, lag: lag > 0n ? lag : 0n };
      });
  }));
  return lags.flat();
}

/** By topic and partition. */
function committedOffsets(client: Client, groupId: string): Promise<Map<string, Map<number, bigint>>> {
  return act(client, async () => {
    using link = await client.dialCoordinator(groupId);
    // No topics: all of them.
    const { responses } = await link.call(
      `Cannot read the offsets of group '${groupId}'`,
      (broker) => broker.offsetFetch({ groupId, topics: [] }),
    );
    return new Map(responses.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const)
          .filter(([, offset]) => offset >= 0n),
      ),
    ]));
  });
}
