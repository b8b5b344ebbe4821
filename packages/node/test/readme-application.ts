import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The application that the README shows, TypeScript. */
export function readmeApplication(): string {
  const text = readFileSync(join(__dirname, "../../../README.md"), "utf8");
  const [, code] = /```ts\n(\/\/ app\.ts[^]+?)```/.exec(text)!;
  return code!;
}
