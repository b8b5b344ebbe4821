import fc from "fast-check";
import {
  compareUtf8,
  decodeUtf8,
  encodeUtf8,
  equalsUtf8,
  isWellFormed,
  utf8Length,
} from "../src/index.ts";
import { anyText } from "./any-text.ts";

describe("compareUtf8", () => {
  it("orders as the encoded bytes do", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(compareUtf8(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("orders texts with a shared beginning as the encoded bytes do", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (shared, a, b) => {
        const [left, right] = [shared + a, shared + b];
        const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(compareUtf8(left, right)).toBe(expected);
      }),
    );
  });

  it("differs from JavaScript's order beyond the basic plane", () => {
    expect(["\uff5e", "\u{1f600}"].toSorted()).toEqual(["\u{1f600}", "\uff5e"]);
    expect(compareUtf8("\u{1f600}", "\uff5e")).toBe(1);
  });

  it("puts a prefix first", () => {
    expect(compareUtf8("ab", "abc")).toBe(-1);
    expect(compareUtf8("abc", "ab")).toBe(1);
    expect(compareUtf8("", "")).toBe(0);
  });
});

describe("utf8Length", () => {
  it("is the length of the encoded text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });
});

describe("isWellFormed", () => {
  it.each([
    ["", true],
    ["a\u{1f600}", true],
    ["\ud83d", false],
    ["\ude00\ud83d", false],
    ["a\udc00b", false],
  ])("%j: %s", (text, expected) => {
    expect(isWellFormed(text)).toBe(expected);
  });
});

describe("decodeUtf8", () => {
  it("reads what encodeUtf8 writes, a byte order mark included", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(decodeUtf8(encodeUtf8(`\ufeff${text}`))).toBe(`\ufeff${text}`);
      }),
    );
  });

  it.each([
    ["a lone continuation byte", [0x80]],
    ["a sequence cut short", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ])("refuses %s", (_name, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull();
  });
});

describe("equalsUtf8", () => {
  it("is equality of bytes", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(equalsUtf8(Buffer.from(a), a)).toBe(true);
        expect(equalsUtf8(Buffer.from(b), a)).toBe(a === b);
        expect(equalsUtf8(Buffer.from(a + b), a)).toBe(b === "");
      }),
    );
  });

  it("holds for no bytes that are not UTF-8", () => {
    expect(equalsUtf8(Uint8Array.from([0x61, 0xfc, 0xfc]), "a\u00fc")).toBe(false);
  });
});
