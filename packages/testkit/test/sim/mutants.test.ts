import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_MUTANTS } from "../../src/sim/mutants/index.ts";

const PACKAGES = join(__dirname, "../../..");

describe("the planted bugs", () => {
  it("are many, each with a name of its own", () => {
    const names = ALL_MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(24);
  });

  it.each(ALL_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    "%s: has its line in the sources, once, and changes it",
    (_, { file, find, replace }) => {
      const source = readFileSync(join(PACKAGES, file), "utf8");
      expect(source.split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
    },
  );
});
