import fc from "fast-check";

/**
 * Any character of Unicode, those near the borders of UTF-8 and UTF-16 more often. Not fast-check's
 * own `binary` unit: it builds tables for more than a second per file of tests.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("a", "\u0000", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000"),
  fc.constantFrom("\uffff", "\u{10000}", "\u{1f600}", "\u{10ffff}"),
  // Code points without the surrogates between U+D800 and U+DFFF.
  fc
    .integer({ min: 0, max: 0x10f7ff })
    .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800)),
);

/** Well-formed text. */
export const anyText: fc.Arbitrary<string> = fc.string({ unit: anyCharacter, maxLength: 8 });
