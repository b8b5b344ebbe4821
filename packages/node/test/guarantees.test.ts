import { readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = join(__dirname, "../..");

/** A test that the document names: its file, and the beginning of what follows is its title. */
const NAMED = /`([a-z]+\/test\/[\w./-]+\.test\.ts)`\s+([^|]+?)(?=\s*\||\n|,\n)/g;

describe("docs/guarantees.md", () => {
  const text = readFileSync(join(PACKAGES, "../docs/guarantees.md"), "utf8");
  const named = [...text.matchAll(NAMED)].map(([, file, title]) => [file!, title!] as const);

  it("names a test for each step", () => {
    const steps = text
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2);
    expect(steps.length).toBeGreaterThan(15);
    for (const step of steps) expect(step).toMatch(/`[a-z]+\/test\//);
  });

  it.each(named)("names a test that exists: %s %s", (file, title) => {
    const titleOf = title.replace(/\.$/, "");
    expect(readFileSync(join(PACKAGES, file), "utf8")).toContain(`"${titleOf}`);
  });
});
