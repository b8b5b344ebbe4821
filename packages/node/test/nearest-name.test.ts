import { nearestName } from "../src/nearest-name.ts";

const NAMES = ["type", "ordering-id", "at", "in", "data", "url", "dir"];

describe("the nearest name", () => {
  it.each([
    ["tpye", "type"],
    ["orderingId", "ordering-id"],
    ["orderng-id", "ordering-id"],
    ["dta", "data"],
    ["dirr", "dir"],
    ["TYPE", "type"],
  ])("of %s is %s", (typed, expected) => {
    expect(nearestName(typed, NAMES)).toBe(expected);
  });

  it.each(["handlers", "", "x".repeat(10_000), "uniqueness"])("of %p is none", (typed) => {
    expect(nearestName(typed, NAMES)).toBeNull();
  });
});
