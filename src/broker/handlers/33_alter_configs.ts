/**
 * AlterConfigs, v0-2: sets all configs of topics and of the broker: those not named have their defaults again.
 *
 * Behaviour: in force at once, kept on disk. validateOnly changes nothing.
 * Not modelled: broker configs that are not in DescribeConfigs, client metrics, configs of groups (refused).
 *
 * @module
 */
import { AlterConfigsRequest, AlterConfigsResponse } from "../../wire/messages/33_alter_configs.ts";
import { defineApi } from "../api.ts";
import { alterConfigs as alter, Operation } from "./alter_configs.ts";

export const alterConfigs = defineApi(
  AlterConfigsRequest,
  AlterConfigsResponse,
  ({ resources, validateOnly }, { state }) =>
    alter(
      state,
      resources.map((resource) => ({
        ...resource,
        configs: resource.configs.map((config) => ({ ...config, configOperation: Operation.SET })),
      })),
      { isIncremental: false, validateOnly },
    ),
);
