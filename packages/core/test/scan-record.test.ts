import fc from "fast-check";
import { scanRecord } from "../src/scan-record.ts";
import { anyCharacter } from "./any-text.ts";

const json = fc.json({ stringUnit: anyCharacter });

/** JSON with white space of several kinds between its tokens. */
const spacedJson = fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1, "\t")).map(([value, indent]) => {
  return JSON.stringify(value, null, indent);
});

function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
}

describe("scanRecord", () => {
  it("finds the text of data, its levels and the number of members", () => {
    fc.assert(
      fc.property(json, spacedJson, json, (before, data, after) => {
        const text = `{"before":${before}, "data" :\n${data} ,"after":${after}}`;
        const scan = scanRecord(text);
        expect(scan.dataJson).toBe(data);
        expect(scan.members).toBe(3);
        expect(scan.dataLevels).toBe(levelsOf(JSON.parse(data)));
      }),
    );
  });

  it("finds data at the end, and none where there is none", () => {
    expect(scanRecord('{"a":1,"data":{"data":2}}').dataJson).toBe('{"data":2}');
    expect(scanRecord('{"a":{"data":2},"b":"\\"data\\":3"}').dataJson).toBeNull();
    expect(scanRecord("{}")).toMatchObject({ members: 0, dataJson: null, dataLevels: 0 });
  });

  it("knows data by a name with escapes, and by nothing else", () => {
    expect(scanRecord('{"d\\u0061ta":1}').dataJson).toBe("1");
    expect(scanRecord('{"d\\u0061te":1}').dataJson).toBeNull();
  });

  it("counts members that are repeated", () => {
    expect(scanRecord('{"a":1,"a":{"b":1,"c":2},"a":[3,4]}').members).toBe(3);
  });

  it.each([
    ['{"a":"x","b":[true,false,null,-1.5,"e","1e5"]}', false],
    ['{"a":"\\n\\"\\\\"}', false],
    ['{"a":"\\u0041"}', true],
    ['{"a":{"__proto__":1}}', true],
    ['{"a":1e5}', true],
    ['{"a":1E+5}', true],
    [`{"a":${"9".repeat(400)}}`, true],
    [`{"a":[${"9,".repeat(400)}9]}`, false],
  ])("%.60s is suspicious: %s", (text, suspicious) => {
    expect(scanRecord(text).suspicious).toBe(suspicious);
  });
});
