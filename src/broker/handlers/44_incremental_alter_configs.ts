/**
 * IncrementalAlterConfigs, v0-1: changes configs of topics and of the broker one by one: set, delete, append, subtract.
 *
 * Behaviour: in force at once, kept on disk. validateOnly changes nothing. Lists are appended to and subtracted from as
 * they are in force, by default too.
 * Not modelled: broker configs that are not in DescribeConfigs, loggers, client metrics, configs of groups (refused).
 *
 * @module
 */
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from "../../wire/messages/44_incremental_alter_configs.ts";
import { defineApi } from "../api.ts";
import { alterConfigs } from "./alter_configs.ts";

export const incrementalAlterConfigs = defineApi(
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
  ({ resources, validateOnly }, { state }) =>
    alterConfigs(state, resources, { isIncremental: true, validateOnly }),
);
