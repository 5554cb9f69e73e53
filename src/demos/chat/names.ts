/**
 * What the chat calls its topics, groups and headers, and which names a participant may have.
 *
 * @module
 */

/** Partitions of a participant's topic: so many instances of one name can share its requests. */
export const CHAT_PARTITIONS = 4;

/** Kafka's limit for a topic name is 249 characters; the longest of ours adds a prefix, a suffix and an instance. */
const MAX_NAME_LENGTH = 100;

/** The header that says who speaks. */
export const FROM_HEADER = "parley-from";

/** Where the requests to `name` go; also the name of the group that shares them. */
export function requestTopic(name: string): string {
  return `parley.chat.${name}`;
}

/** Where the replies to one instance of `name` go. */
export function replyTopic(name: string, instance: string): string {
  return `parley.chat.${name}.replies.${instance}`;
}

/** What a butler of that name keeps in mind (compacted). */
export function memoryTopic(name: string): string {
  return `parley.chat.${name}.memory`;
}

/** The participant whose requests a group shares; undefined if it is not a chat's group. */
export function participantOfGroup(groupId: string): string | undefined {
  return /^parley\.chat\.([^.]+)$/.exec(groupId)?.[1];
}

/** Whom `name` talks to when nobody is named: Tony to Jarvis, Jarvis to Tony, everybody else to Jarvis. */
export function defaultPeer(name: string): string {
  return name === "jarvis" ? "tony" : "jarvis";
}

/** What is wrong with a participant's name; undefined if nothing is. It becomes part of topic names. */
export function nameFault(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    return `'${name}' is not a name: letters, digits, '-' and '_' are`;
  }
  if (name.length > MAX_NAME_LENGTH) {
    return `'${name}' is too long for a name: ${MAX_NAME_LENGTH} characters at most`;
  }
  return undefined;
}
