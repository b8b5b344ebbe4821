import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "@swc/core";
import { Child, runChild } from "./child.ts";
import { readmeApplication } from "./readme-application.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(60_000);

const ROOT = join(__dirname, "../../..");

describe("what the README shows", () => {
  const dir = useTemporaryDirectory();

  it("is an application that runs", async () => {
    const { code } = await transform(readmeApplication(), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    });
    writeFileSync(join(dir.path, "app.mjs"), code);
    symlinkSync(join(ROOT, "node_modules"), join(dir.path, "node_modules"));
    const app = new Child(["app.mjs"], { cwd: dir.path });
    const [, key] = await app.until(/scheduled (\S+)\n/);
    await app.until(new RegExp(`attempt 1: invoice 7, ${key}\n`));
    app.kill("SIGINT");
    expect((await app.end()).code).toBe(0);
  });

  it("is a demo whose figures are right", async () => {
    const { code, out } = await runChild([join(ROOT, "examples/demo/demo.mjs")]);
    expect(out).toMatch(/succeeded +1,999\n/);
    expect(out).not.toContain("WRONG");
    expect(code).toBe(0);
  });
});
