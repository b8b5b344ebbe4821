import { DROPS, SECOND_LINES } from "../../src/model/drops.ts";
import { ALL_RULE_TEXTS, exploreWorld, LARGE, SMALL } from "../../src/model/systems.ts";

const LIMITS = { statesMax: 2_000_000, isTimeOver: () => false };

describe("the protocol model", () => {
  it("holds in the smallest world, to its end", () => {
    const found = exploreWorld("one", [], LIMITS);
    expect(found).toMatchObject({ broken: null, isExhaustive: true });
    expect(found.states).toBeGreaterThan(5_000);
  });

  it("has for every rule a world in which something breaks without it, or says why not", () => {
    const shown = DROPS.flatMap(({ rules }) => rules);
    const rules = [...shown, ...SECOND_LINES.map(({ rule }) => rule)];
    expect([...new Set(rules)].toSorted()).toEqual(Object.keys(ALL_RULE_TEXTS).toSorted());
    for (const { world } of DROPS) expect([...SMALL, ...LARGE]).toContain(world);
  });

  const quick = DROPS.filter(({ states }) => states < 5_000);

  it.each(quick.map(({ rules, world, breaks }) => [rules.join(" and "), world, breaks] as const))(
    "breaks without %s in the world %s",
    (rules, world, breaks) => {
      const { broken, trace } = exploreWorld(world, rules.split(" and "), LIMITS);
      expect(broken).toMatch(breaks);
      expect(trace.length).toBeGreaterThan(2);
    },
  );

  it("refuses worlds and rules that it does not have", () => {
    expect(() => exploreWorld("none", [], LIMITS)).toThrow('there is no world "none"');
    expect(() => exploreWorld("one", ["renewIfUnchanged"], LIMITS)).toThrow("there is no rule");
    expect(() => exploreWorld("the lease", ["nothing"], LIMITS)).toThrow("there is no rule");
  });
});
