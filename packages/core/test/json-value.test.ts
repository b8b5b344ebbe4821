import fc from "fast-check";
import type { TaskProblem } from "../src/index.ts";
import { DATA_BYTES_MAX, jsonTextOf, PROBLEMS_MAX } from "../src/index.ts";
import { anyCharacter } from "./any-text.ts";

function check(value: unknown): { text: string | null; problems: TaskProblem[] } {
  const problems: TaskProblem[] = [];
  return { text: jsonTextOf(value, "data", problems), problems };
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

class Invoice {
  readonly number = 7;
}

describe("jsonTextOf", () => {
  it("takes every JSON value, which comes back the same", () => {
    const json = fc.jsonValue({ stringUnit: anyCharacter });
    fc.assert(
      fc.property(json, (value) => {
        const { text, problems } = check(value);
        if (problems.length > 0) {
          // fast-check knows __proto__ too.
          expect(JSON.stringify(value)).toContain("__proto__");
          return;
        }
        expect(text).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ["undefined", undefined, "data"],
    ["a function", () => 1, "data"],
    ["a symbol", Symbol("a"), "data"],
    ["a bigint", { amounts: [1, 2n] }, "data.amounts[1]"],
    ["NaN", [{ a: NaN }], "data[0].a"],
    ["Infinity", { "a b": -Infinity }, 'data["a b"]'],
    ["undefined in an object", { a: { b: undefined } }, "data.a.b"],
    ["a hole in an array", Object.assign([], { length: 1 }), "data[0]"],
    ["a Date", { due: new Date(0) }, "data.due"],
    ["a Map", { map: new Map() }, "data.map"],
    ["bytes", { bytes: new Uint8Array(1) }, "data.bytes"],
    ["an instance of a class", { invoice: new Invoice() }, "data.invoice"],
    ["an object that says its own JSON", { toJSON: () => 1 }, "data"],
    ["an array that says its own JSON", Object.assign([], { toJSON: () => 1 }), "data"],
    ["a lone surrogate", { a: "\ud800" }, "data.a"],
    ["a name with a lone surrogate", { "\ud800": 1 }, 'data["\\ud800"]'],
    ["a __proto__", JSON.parse('{"a":[{"__proto__":1}]}') as unknown, "data.a[0].__proto__"],
  ])("refuses %s", (_name, value, path) => {
    const { text, problems } = check(value);
    expect(text).toBeNull();
    expect(problems[0]).toMatchObject({ code: "DATA_INVALID", path });
  });

  it("takes objects without prototype and the text __proto__", () => {
    const bare = Object.assign(Object.create(null) as object, { a: "__proto__" });
    expect(check(bare).text).toBe('{"a":"__proto__"}');
  });

  it("counts levels: 64 pass, 65 do not", () => {
    expect(check(nested(64)).problems).toEqual([]);
    expect(check(nested(65)).problems).toMatchObject([{ code: "DATA_TOO_DEEP", path: "data" }]);
  });

  it("survives 100,000 levels", () => {
    expect(check(nested(100_000)).problems).toMatchObject([{ code: "DATA_TOO_DEEP" }]);
  });

  it("names what is inside itself", () => {
    const parent: { child?: unknown } = {};
    parent.child = { parent };
    const { problems } = check(parent);
    expect(problems).toMatchObject([{ code: "DATA_INVALID" }]);
    expect(problems[0]!.expected).toContain("inside itself");
  });

  it("is not caught by an object that is small and whose text is not", () => {
    let value: unknown = "x";
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(check(value).problems).toMatchObject([{ code: "DATA_TOO_LARGE" }]);
  });

  it("counts bytes of the text: 256 KiB pass, one more does not", () => {
    expect(check("x".repeat(DATA_BYTES_MAX - 2)).problems).toEqual([]);
    expect(check("x".repeat(DATA_BYTES_MAX - 1)).problems).toMatchObject([
      { code: "DATA_TOO_LARGE" },
    ]);
    // Escapes and characters beyond ASCII count as they are written.
    expect(check("\n".repeat(DATA_BYTES_MAX / 2 - 1)).problems).toEqual([]);
    expect(check("\n".repeat(DATA_BYTES_MAX / 2)).problems).toHaveLength(1);
    expect(check("\u00fc".repeat(DATA_BYTES_MAX / 2)).problems).toHaveLength(1);
  });

  it("reports a getter that throws", () => {
    const value = {
      get a(): never {
        throw new Error("no");
      },
    };
    expect(check(value).problems).toMatchObject([{ code: "DATA_INVALID", path: "data" }]);
  });

  it("reports every bad value, up to a limit, and cuts long names", () => {
    expect(check([NaN, 1, undefined, 2n]).problems.map(({ path }) => path)).toEqual([
      "data[0]",
      "data[2]",
      "data[3]",
    ]);
    expect(check(Array.from({ length: 100 })).problems).toHaveLength(PROBLEMS_MAX);
    expect(check({ ["n".repeat(1_000)]: NaN }).problems[0]!.path.length).toBeLessThan(120);
  });
});
