import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configurationDocument } from "../../src/config/document.ts";
import { pathsOf, variableOf } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings-table.ts";

describe("docs/configuration.md", () => {
  it("is what `npm run docs` makes", () => {
    const file = join(__dirname, "../../../../docs/configuration.md");
    expect(readFileSync(file, "utf8")).toBe(configurationDocument());
  });

  it("has every setting with its variable", () => {
    const paths = pathsOf(SETTINGS);
    const text = configurationDocument();
    const missing = paths.filter((path) => !text.includes(`\`${variableOf(path)}\``));
    expect(missing).toEqual([]);
    expect(new Set(paths.map(variableOf)).size).toBe(paths.length);
  });
});
