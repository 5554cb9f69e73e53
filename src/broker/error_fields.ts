/**
 * Which fields of an answer are error codes.
 *
 * @module
 */
import type { Field } from "../wire/schema.ts";

/** Whether a field holds an error code: `errorCode`, `partitionErrorCode`. */
export function isErrorCode(name: string, { type }: Field): boolean {
  // CreateTopics' topicConfigErrorCode tells only why the configs are not told.
  return type === "int16" && /^(partitionE|e)rrorCode$/.test(name);
}
