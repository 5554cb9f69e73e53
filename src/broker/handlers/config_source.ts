/**
 * Where a config's value comes from, in the numbers of DescribeConfigs.
 *
 * @module
 */
import type { ConfigDefaults, ConfigDefinition } from "../state/topic_config.ts";

/** Kafka's ConfigSource. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;

/** Where the value in force comes from. */
export function configSource(
  { name }: ConfigDefinition,
  overrides: ReadonlyMap<string, string>,
  defaults: ConfigDefaults,
): number {
  if (overrides.has(name)) return ConfigSource.TOPIC;
  return defaults[name] === undefined ? ConfigSource.DEFAULT : ConfigSource.STATIC_BROKER;
}
