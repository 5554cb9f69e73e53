/**
 * What a config is, topic's or broker's: its name, type, default and limits, as in Kafka's ConfigDef.
 *
 * @module
 */

/** A config's type as DescribeConfigs tells it. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, SHORT: 4, LONG: 5, DOUBLE: 6, LIST: 7 } as const;
export type ConfigType = typeof ConfigType[keyof typeof ConfigType];

const INT_MAX = 2n ** 31n - 1n;
export const LONG_MAX = 2n ** 63n - 1n;

const { BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST } = ConfigType;

/** More than any list needs: it is held in memory and in the journal. */
const MAX_VALUE_CHARS = 4_096;

/** See the module. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** Null for one that has none. */
  readonly defaultValue: string | null;
  readonly min?: bigint;
  readonly max?: bigint;
  readonly oneOf?: readonly string[];
  /** A rule of its own: why a value that is of the type is none, undefined when it is. */
  readonly refuse?: (value: string) => string | undefined;
  readonly documentation: string;
}

/** Why a text is no value of a config, undefined when it is. Kafka's words. */
export function invalidValue(definition: ConfigDefinition, value: string): string | undefined {
  const { name, type, oneOf = [], min, max } = definition;
  const wrong = (reason: string, shown = value) =>
    `Invalid value ${shown} for configuration ${name}: ${reason}`;
  if (value.length > MAX_VALUE_CHARS) {
    return `Invalid value for configuration ${name}: it is longer than ${MAX_VALUE_CHARS} characters`;
  }
  const text = value.trim();
  switch (type) {
    case BOOLEAN:
      if (!/^(true|false)$/i.test(text)) return wrong("Expected value to be either true or false");
      break;
    case DOUBLE:
      if (text === "" || Number.isNaN(Number(text))) return wrong("Not a number of type DOUBLE");
      break;
    case INT:
    case SHORT:
    case LONG:
      if (!isWhole(text, type)) {
        return wrong(`Not a number of type ${type === LONG ? "LONG" : type === INT ? "INT" : "SHORT"}`);
      }
      break;
    case STRING:
      if (oneOf.length > 0 && !oneOf.includes(value)) {
        return wrong(`String must be one of: ${oneOf.join(", ")}`);
      }
      break;
    case LIST: {
      const unknown = splitList(value).find((item) => oneOf.length > 0 && !oneOf.includes(item));
      if (unknown !== undefined) return wrong(`String must be one of: ${oneOf.join(", ")}`, unknown);
      break;
    }
  }
  if (min !== undefined && Number(text) < min) {
    return wrong(`Value must be at least ${min}`, javaNumber(text, type));
  }
  if (max !== undefined && Number(text) > max) {
    return wrong(`Value must be no more than ${max}`, javaNumber(text, type));
  }
  const reason = definition.refuse?.(value);
  return reason === undefined
    ? undefined
    : wrong(reason, type === LIST ? `[${splitList(value).join(", ")}]` : value);
}

/** The items of a LIST. */
export function splitList(value: string): string[] {
  return value.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function isWhole(text: string, type: ConfigType): boolean {
  if (!/^[+-]?\d{1,19}$/.test(text)) return false;
  const most = type === LONG ? LONG_MAX : type === INT ? INT_MAX : 32_767n;
  const number = BigInt(text.replace("+", ""));
  return number <= most && number >= -most - 1n;
}

/** A number as Java prints it: a DOUBLE always has a fraction. */
function javaNumber(text: string, type: ConfigType): string {
  const number = text.replace("+", "");
  return type === DOUBLE && /^-?\d+$/.test(number) ? `${number}.0` : number;
}
