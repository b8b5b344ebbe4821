import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.ts";
import { readmeApplication } from "./readme-application.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(240_000);

const ROOT = join(__dirname, "../../..");

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<
    Record<string, string | { readonly types: string; readonly default: string }>
  >;
}

const TYPESCRIPT = {
  compilerOptions: {
    module: "nodenext",
    target: "es2023",
    strict: true,
    types: ["node"],
    outDir: "out",
  },
  include: ["app.ts"],
};

describe("the packages", () => {
  const dir = useTemporaryDirectory();

  it("install into an empty project, where the README's application type-checks and runs", async () => {
    const run = (command: string, words: readonly string[], cwd = dir.path) =>
      execFileSync(command, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    run("npm", ["pack", "--silent", "--workspaces", "--pack-destination", dir.path], ROOT);
    const archives = readdirSync(dir.path).filter((name) => name.endsWith(".tgz"));
    expect(archives).toHaveLength(8);
    writeFileSync(join(dir.path, "package.json"), '{"private":true,"type":"module"}');
    const types = "@types/node@20";
    const quietly = ["--silent", "--no-audit", "--no-fund", "--prefer-offline"];
    run("npm", ["install", ...quietly, ...archives.map((name) => `./${name}`), types]);

    for (const name of readdirSync(join(dir.path, "node_modules/@horae"))) {
      const home = join(dir.path, "node_modules/@horae", name);
      const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Manifest;
      for (const entry of Object.values(manifest.exports)) {
        const files = typeof entry === "string" ? [entry] : [entry.types, entry.default];
        for (const file of files)
          expect([name, file, existsSync(join(home, file))]).toEqual([name, file, true]);
      }
    }

    writeFileSync(join(dir.path, "app.ts"), readmeApplication());
    writeFileSync(join(dir.path, "tsconfig.json"), JSON.stringify(TYPESCRIPT));
    run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."]);
    const app = new Child(["out/app.js"], { cwd: dir.path });
    await app.until(/attempt 1: invoice 7/);
    app.kill("SIGINT");
    expect((await app.end()).code).toBe(0);
  });
});
