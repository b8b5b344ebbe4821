import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLock, removeLock, writeLock } from "../src/lock-file.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

let dir: string;

beforeEach(() => {
  dir = temporaryDirectory();
});

const write = (text: string): void => writeFileSync(join(dir, "horae.lock"), text);

describe("the lock file of a directory", () => {
  it("names process and URL, and nothing else is left in the directory", () => {
    writeLock(dir, null);
    writeLock(dir, "http://127.0.0.1:1");
    expect(readLock(dir)).toEqual({ pid: process.pid, url: "http://127.0.0.1:1" });
    expect(readdirSync(dir)).toEqual(["horae.lock"]);
  });

  it.each([
    ["nothing", ""],
    ["half of a file", '{"pid":1'],
    ["something else", "[]"],
    ["null", "null"],
    ["no number", '{"pid":"1"}'],
    ["a group of processes", '{"pid":0}'],
  ])("names nobody when it holds %s", (_what, text) => {
    write(text);
    expect(readLock(dir)).toBeNull();
  });

  it("names nobody when there is none, or its process is another one", () => {
    expect(readLock(dir)).toBeNull();
    expect(readLock(join(dir, "missing"))).toBeNull();
    writeLock(dir, null);
    const content = JSON.parse(readFileSync(join(dir, "horae.lock"), "utf8")) as object;
    if (!("startedAt" in content) || content.startedAt === null) return;
    write(JSON.stringify({ ...content, startedAt: "another boot/1" }));
    expect(readLock(dir)).toBeNull();
  });

  it("is removed by its process only", () => {
    write(JSON.stringify({ pid: 1, startedAt: "then", url: null }));
    removeLock(dir);
    expect(readdirSync(dir)).toEqual(["horae.lock"]);
    writeLock(dir, null);
    removeLock(dir);
    expect(readdirSync(dir)).toEqual([]);
    removeLock(dir);
  });
});
