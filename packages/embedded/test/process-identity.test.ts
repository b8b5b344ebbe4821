import { spawn } from "node:child_process";
import { once } from "node:events";
import { isAlive, isOwn, ownIdentity, startByPs } from "../src/process-identity.ts";

/** Above every pid that Linux gives out. */
const NO_PID = 2 ** 22 + 7;

describe("a process", () => {
  it("is alive while it is this one, and not when another one has its pid", () => {
    const { pid, startedAt } = ownIdentity();
    expect(isOwn({ pid, startedAt })).toBe(true);
    expect(isAlive({ pid, startedAt })).toBe(true);
    expect(isOwn({ pid, startedAt: "then" })).toBe(false);
    // Where the system does not say when a process started, nobody can tell.
    expect(isAlive({ pid, startedAt: "then" })).toBe(startedAt === null);
  });

  it("is gone when nothing has its pid", () => {
    expect(isAlive({ pid: NO_PID, startedAt: null })).toBe(false);
    expect(isAlive({ pid: NO_PID, startedAt: "then" })).toBe(false);
  });

  it("is gone when it has ended", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
    await once(child, "spawn");
    const identity = { pid: child.pid!, startedAt: null };
    expect(isAlive(identity)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isAlive(identity)).toBe(false);
  });

  it("has one start by ps, where there is ps", () => {
    const start = startByPs(process.pid);
    expect(startByPs(process.pid)).toBe(start);
    expect(start === null || Number.isFinite(Date.parse(start))).toBe(true);
    expect(startByPs(NO_PID)).toBeNull();
  });
});
