const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_U = 0x75;

/** No number with fewer digits and no exponent overflows a double. */
const SAFE_DIGITS = 300;

/** What the text of a record says that its parsed value does not. */
export interface RecordScan {
  /** Members of the record, repeated names included. */
  readonly members: number;
  /** The text of `data` as it was sent, byte for byte; null when there is none. */
  readonly dataJson: string | null;
  /** Levels of arrays and objects in `data`. */
  readonly dataLevels: number;
  /**
   * True when something in the record might be no JSON value once it is parsed: a `\u` escape
   * (lone surrogates), a `__proto__`, a number that may overflow.
   */
  readonly suspicious: boolean;
}

/**
 * One pass over the text of a record. `text` must be what JSON.parse has taken, and an object: the
 * scan leans on that and checks no syntax.
 */
export function scanRecord(text: string): RecordScan {
  let suspicious = text.includes("__proto__");
  let members = 0;
  let depth = 0;
  let dataLevels = 0;
  let dataJson: string | null = null;
  /** Where the text of `data` begins while the scan is inside it; else -1. */
  let dataStart = -1;
  let expectsName = true;
  let nameIsData = false;
  let literalLength = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      const start = i;
      for (i++; ; i++) {
        const inside = text.charCodeAt(i);
        if (inside === QUOTE) break;
        if (inside === BACKSLASH) {
          i++;
          if (text.charCodeAt(i) === LOWER_U) suspicious = true;
        }
      }
      if (depth === 1 && expectsName) {
        nameIsData = isDataName(text, start, i + 1);
        expectsName = false;
      }
    } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      if (dataStart >= 0 && depth > dataLevels) dataLevels = depth;
      depth++;
      literalLength = 0;
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET || unit === COMMA) {
      literalLength = 0;
      if (unit !== COMMA) depth--;
      if (depth > (unit === COMMA ? 1 : 0)) continue;
      if (dataStart >= 0) dataJson = text.slice(dataStart, i).trim();
      dataStart = -1;
      expectsName = true;
    } else if (unit === COLON) {
      literalLength = 0;
      if (depth > 1) continue;
      members++;
      if (!nameIsData) continue;
      dataStart = i + 1;
      dataLevels = 0;
    } else {
      // Part of a number, of `true`, `false`, `null`, or a space.
      literalLength++;
      const isExponent = (unit === LOWER_E || unit === UPPER_E) && isDigit(text.charCodeAt(i - 1));
      if (isExponent || literalLength > SAFE_DIGITS) suspicious = true;
    }
  }
  return { members, dataJson, dataLevels, suspicious };
}

function isDataName(text: string, start: number, end: number): boolean {
  if (text.startsWith('"data"', start)) return true;
  // A name may be written with escapes: "d\u0061ta".
  const quoted = text.slice(start, end);
  return quoted.includes("\\") && JSON.parse(quoted) === "data";
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
