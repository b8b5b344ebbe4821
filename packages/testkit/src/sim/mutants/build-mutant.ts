import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import type { Mutant } from "./mutant.ts";

const PACKAGES = join(import.meta.dirname, "../../../..");
const COPIED = ["core", "engine", "testkit"];

/** A copy of the built packages, in which bugs can be planted; the sources stay as they are. */
export class MutantCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "horae-mutant-"));

  constructor() {
    const scope = join(this.folder, "node_modules/@horae");
    mkdirSync(scope, { recursive: true });
    for (const name of COPIED) {
      const copy = join(this.folder, "packages", name);
      cpSync(join(PACKAGES, name, "dist"), join(copy, "dist"), { recursive: true });
      cpSync(join(PACKAGES, name, "package.json"), join(copy, "package.json"));
      symlinkSync(copy, join(scope, name));
    }
    // The plans of the corpus.
    symlinkSync(join(PACKAGES, "testkit/test"), join(this.folder, "packages/testkit/test"));
  }

  get command(): string {
    return join(this.folder, "packages/testkit/dist/sim/cli/main.js");
  }

  /** Plants the bug; answers how to take it away. Throws when its place is not there exactly once. */
  plant({ name, file, find, replace }: Mutant): () => void {
    const source = readFileSync(join(PACKAGES, file), "utf8");
    if (source.split(find).length !== 2)
      throw new Error(`${name}: its line is not in ${file} once`);
    const built = join(
      this.folder,
      "packages",
      file.replace("/src/", "/dist/").replace(/ts$/, "js"),
    );
    const whole = readFileSync(built, "utf8");
    writeFileSync(built, compile(source.replace(find, () => replace)));
    return () => writeFileSync(built, whole);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function compile(source: string): string {
  const { code } = transformSync(source, {
    jsc: { target: "es2023", parser: { syntax: "typescript" } },
    module: { type: "es6" },
  });
  // As the compiler does with `rewriteRelativeImportExtensions`.
  return code.replace(/(from\s+"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"');
}
