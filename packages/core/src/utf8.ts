const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Orders well-formed strings by their UTF-8 bytes (which is the order of code points) without
 * encoding them; -1, 0 or 1. JavaScript's own `<` compares UTF-16 units and puts U+1F600 (units
 * D83D DE00) before U+FF5E. The fix-up is that of ICU's `u_strCompare` in code point order.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return codePointRank(unitA) < codePointRank(unitB) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

/** Surrogates stand for code points above the basic plane: they rank above U+FFFF. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Bytes of a well-formed string in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair stands for two of its four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** False for a string with a lone surrogate: it has no UTF-8 form and would not survive the log. */
export function isWellFormed(text: string): boolean {
  // ES2024, in Node from 20 on; the compiler's library is ES2023.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of `bytes`, a leading byte order mark included; null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** True when `bytes` are the UTF-8 form of a well-formed `text`. */
export function equalsUtf8(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return bytes.length === utf8Length(text) && decodeUtf8(bytes) === text;
    if (unit !== bytes[i]) return false;
  }
  return bytes.length === text.length;
}
