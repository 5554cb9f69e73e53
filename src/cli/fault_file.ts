/**
 * A file with faults for `parley broker --faults`: the rules of src/broker/faults/rules.ts, in YAML or JSON.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { isNode, LineCounter, parseDocument } from "yaml";
import { ConfigError, describeError } from "../base/errors.ts";
import { type FaultRule, parseFaultRules, placeOf } from "../broker/faults/rules.ts";

/** The file's rules. @throws {ConfigError} with all faults, each with its line and column */
export function readFaultFile(path: string): readonly FaultRule[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError([`--faults: '${path}' cannot be read: ${describeError(error)}`]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map(({ pos: [offset], message }) => `${at(offset)}: ${message}`));
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that would make more of the file than fits.
    throw new ConfigError([`${at(0)}: ${describeError(error)}`]);
  }
  return parseFaultRules(value, (way) => {
    const node = way.length === 0 ? document.contents : document.getIn(way, true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return `${at(offset ?? 0)}: ${placeOf(way)}`;
  });
}
