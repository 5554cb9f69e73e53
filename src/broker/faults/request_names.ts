/**
 * Which topics and groups a request names, and what is left of it without some of them.
 *
 * @module
 */
import type { StructValue } from "../../wire/codec.ts";
import type { Message } from "../../wire/message.ts";
import type { Fields } from "../../wire/schema.ts";
import { ZERO_UUID } from "../../wire/uuid.ts";

/** What a request is about. */
export interface RequestNames {
  readonly topics: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** The name of a topic that is asked for by its id, undefined when there is none. */
export type NameOfTopic = (topicId: string) => string | undefined;

/** Whether what is named is struck. */
export type IsStruck = (names: RequestNames) => boolean;

/** Whether requests of a definition can name topics, and groups. */
export function canName({ fields }: Message<Fields>): { topics: boolean; groups: boolean } {
  const lists = Object.entries(fields).filter(([, { type }]) =>
    typeof type === "object" && "element" in type
  );
  const hasTopics = lists.some(([name, { type }]) =>
    isTopicList(name) || name === "topicNames" || name === "resources" ||
    (typeof type === "object" && "element" in type && typeof type.element === "object" &&
      Object.hasOwn(type.element.fields, "topics"))
  );
  const groupFields = ["groupId", "key", "groups", "groupsNames"];
  return { topics: hasTopics, groups: groupFields.some((name) => Object.hasOwn(fields, name)) };
}

const RESOURCE_TYPE_TOPIC = 2;
const KEY_TYPE_GROUP = 0;

/** See the module. */
export function namesIn(value: StructValue, nameOf: NameOfTopic): RequestNames {
  const topics = new Set<string>();
  const groups = new Set<string>();
  const { groupId, key, keyType } = value;
  if (typeof groupId === "string") groups.add(groupId);
  if (typeof key === "string" && keyType === KEY_TYPE_GROUP) groups.add(key);
  for (const [name, list] of Object.entries(value)) {
    if (!Array.isArray(list)) continue;
    for (const entry of list) {
      const names = entryNames(name, entry, value, nameOf);
      for (const topic of names.topics) topics.add(topic);
      for (const group of names.groups) groups.add(group);
    }
  }
  return { topics, groups };
}

/**
 * A request in two: what is struck, entry by entry of its lists, and the rest. A request that is struck by what stands
 * above its lists is struck whole.
 */
export function splitRequest(
  value: StructValue,
  nameOf: NameOfTopic,
  isStruck: IsStruck,
): { struck: StructValue; rest: StructValue | undefined } {
  const struck: Record<string, unknown> = { ...value };
  const rest: Record<string, unknown> = { ...value };
  let struckCount = 0;
  let restCount = 0;
  for (const [name, list] of Object.entries(value)) {
    if (!Array.isArray(list)) continue;
    const hits = list.map((entry: unknown) => isStruck(entryNames(name, entry, value, nameOf)));
    if (!hits.includes(true)) continue;
    struck[name] = list.filter((_, at) => hits[at]);
    rest[name] = list.filter((_, at) => !hits[at]);
    struckCount += hits.length;
    restCount += hits.filter((isHit) => !isHit).length;
  }
  if (struckCount === 0) return { struck: value, rest: undefined };
  return { struck, rest: restCount === 0 ? undefined : rest };
}

/** What one entry of a list at the top of a request names. */
function entryNames(
  listName: string,
  entry: unknown,
  request: StructValue,
  nameOf: NameOfTopic,
): RequestNames {
  const topics = new Set<string>();
  const groups = new Set<string>();
  if (typeof entry === "string") {
    if (listName === "topicNames") topics.add(entry);
    else if (listName === "groups" || listName === "groupsNames") groups.add(entry);
    else if (listName === "coordinatorKeys" && request.keyType === KEY_TYPE_GROUP) groups.add(entry);
  } else if (typeof entry === "object" && entry !== null) {
    const { groupId, resourceType, resourceName, topics: nested } = entry as StructValue;
    if (typeof groupId === "string") groups.add(groupId);
    if (resourceType === RESOURCE_TYPE_TOPIC && typeof resourceName === "string") topics.add(resourceName);
    if (isTopicList(listName)) addTopic(topics, entry as StructValue, nameOf);
    if (Array.isArray(nested)) { for (const topic of nested) addTopic(topics, topic, nameOf); }
  }
  return { topics, groups };
}

function isTopicList(listName: string): boolean {
  return /^(t|v3AndBelowT)opic(s|Data)$/.test(listName);
}

function addTopic(topics: Set<string>, { name, topic, topicId }: StructValue, nameOf: NameOfTopic): void {
  const given = typeof name === "string" && name !== "" ? name : topic;
  const found = typeof given === "string" && given !== ""
    ? given
    : typeof topicId === "string" && topicId !== ZERO_UUID
    ? nameOf(topicId)
    : undefined;
  if (found !== undefined) topics.add(found);
}
