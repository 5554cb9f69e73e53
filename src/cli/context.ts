/**
 * What every command is given, and how it comes to its settings and its broker.
 *
 * @module
 */
import type { Command } from "commander";
import { type Config, type ConfigSources, loadConfig, type SettingName, SETTINGS } from "../config.ts";
import type { Io } from "./io.ts";

/** See the module. */
export interface Context {
  readonly io: Io;
  /** The command has come to its end with this exit code. */
  readonly end: (exitCode: number) => void;
}

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Adds the flags for `names`, by default all there are, to a command. */
export function addSettings(command: Command, names = Object.keys(SETTINGS) as SettingName[]): Command {
  for (const name of names) {
    const { flag, help } = SETTINGS[name];
    if (flag === undefined) continue;
    const option = command.createOption(`--${flag} <VALUE>`, `${help} [${name}]`);
    command.addOption(option.helpGroup("Settings (also from the environment and from .env):"));
  }
  return command;
}

/**
 * The settings of a run, from the flags that {@linkcode addSettings} has added.
 *
 * @throws {ConfigError} with all faults
 */
export function configOf(
  command: Command,
  clientId: string,
  options: Pick<ConfigSources, "mayListenAnywhere"> = {},
): Config {
  const flags: Partial<Record<SettingName, string>> = {};
  const values: Record<string, unknown> = command.opts();
  for (const [name, { flag }] of Object.entries(SETTINGS) as [SettingName, { flag: string | undefined }][]) {
    const key = flag?.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const value = key === undefined ? undefined : values[key];
    if (typeof value === "string") flags[name] = value;
  }
  return loadConfig({ flags, clientId, ...options });
}
