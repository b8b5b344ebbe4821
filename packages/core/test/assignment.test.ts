import fc from "fast-check";
import type { AssignmentMember } from "../src/index.ts";
import { assignPartitions } from "../src/index.ts";

const members: fc.Arbitrary<AssignmentMember[]> = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    held: fc.array(fc.integer({ min: -2, max: 40 }), { maxLength: 20 }),
  }),
  { selector: ({ name }) => name, maxLength: 8 },
);

function holders(assigned: Map<string, number[]>): AssignmentMember[] {
  return [...assigned].map(([name, held]) => ({ name, held }));
}

describe("assignPartitions", () => {
  it("gives every partition to one member, and loads that differ by at most one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), members, (count, group) => {
        const assigned = assignPartitions(count, group);
        expect(assigned.size).toBe(group.length);
        if (group.length === 0) return;
        const all = [...assigned.values()].flat().toSorted((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: count }, (_, partition) => partition));
        const loads = [...assigned.values()].map(({ length }) => length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("does not depend on the order of the members", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), members, (count, group) => {
        const forwards = assignPartitions(count, group);
        expect(assignPartitions(count, group.toReversed())).toEqual(forwards);
      }),
    );
  });

  it("moves nothing when nothing has changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), members, (count, group) => {
        const settled = assignPartitions(count, group);
        expect(assignPartitions(count, holders(settled))).toEqual(settled);
      }),
    );
  });

  it("moves no more than needed when a member comes or goes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), members, (count, group) => {
        fc.pre(group.length > 1);
        const settled = holders(assignPartitions(count, group));
        const [gone, ...rest] = settled;
        const after = assignPartitions(count, rest);
        for (const { name, held } of rest) {
          expect(after.get(name)).toEqual(expect.arrayContaining([...held]));
        }
        const back = assignPartitions(count, [...holders(after), { name: gone!.name, held: [] }]);
        const moved = holders(after).flatMap(({ name, held }) =>
          held.filter((partition) => !back.get(name)!.includes(partition)),
        );
        expect(moved.length).toBe(back.get(gone!.name)!.length);
      }),
    );
  });

  it("settles a partition that two members claim", () => {
    const assigned = assignPartitions(2, [
      { name: "a", held: [0, 1] },
      { name: "b", held: [1] },
    ]);
    expect(assigned).toEqual(
      new Map([
        ["a", [0]],
        ["b", [1]],
      ]),
    );
  });
});
