import { Writable } from "node:stream";
import type { HoraeEvent } from "@horae/core";
import { FakeClock } from "@horae/testkit";
import { pino } from "pino";
import { LogTelemetry, teeTelemetry } from "../../src/telemetry/log-telemetry.ts";

const KEY = { scheduledTimeMs: 0, orderingId: 'a"\n\u001b[31m', uniquenessKey: "c" };

const STARTED: HoraeEvent = {
  type: "attemptStarted",
  partition: 1,
  epoch: 2,
  key: KEY,
  taskType: "t",
  attempt: 1,
  latenessMs: 3,
  laneWaitMs: 0,
};

function setup(level: string) {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const clock = new FakeClock();
  const telemetry = new LogTelemetry(pino({ level, base: null }, stream), clock);
  return { lines, clock, telemetry };
}

describe("events in the log", () => {
  it("are JSON lines with the fields of the event", () => {
    const { lines, telemetry } = setup("info");
    telemetry.emit({ type: "leaseLost", partition: 3, epoch: 4 });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 40,
      event: "leaseLost",
      partition: 3,
      epoch: 4,
      msg: "lease lost",
    });
  });

  it("say nothing of single tasks above debug", () => {
    const { lines, telemetry } = setup("info");
    telemetry.emit(STARTED);
    telemetry.emit({
      type: "attemptEnded",
      partition: 1,
      epoch: 2,
      key: KEY,
      taskType: "t",
      attempt: 1,
      outcome: "failed",
      code: "X",
      durationMs: 1,
    });
    expect(lines).toEqual([]);
  });

  it("hold what a caller sent as escaped text only", () => {
    const { lines, telemetry } = setup("debug");
    telemetry.emit(STARTED);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toMatch(/\p{Cc}/u);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      key: "1970-01-01T00:00:00.000Z/a%22%0A%1B%5B31m/c",
      latenessMs: 3,
    });
  });

  it("warn once of each type without handler", () => {
    const { lines, telemetry } = setup("info");
    for (const taskType of ["a", "a", "b", "a"]) {
      telemetry.emit({ type: "handlerMissing", partition: 1, taskType, key: KEY });
    }
    const types = lines.map((line) => (JSON.parse(line) as { taskType: string }).taskType);
    expect(types).toEqual(["a", "b"]);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 40 });
  });

  it("say once in ten seconds that a server is away, and how often it was left out", async () => {
    const { lines, clock, telemetry } = setup("info");
    const fail = (partition: number, operation: string): void => {
      const code = "STORE_UNAVAILABLE";
      telemetry.emit({ type: "portFailed", partition, operation, code, message: "away" });
    };
    for (const partition of [0, 1, 2]) fail(partition, "renewLease");
    fail(0, "loadTasks");
    await clock.advance(9_999);
    fail(1, "renewLease");
    await clock.advance(1);
    fail(1, "renewLease");
    const said = lines.map((line) => JSON.parse(line) as { operation: string; skipped?: number });
    expect(said.map(({ operation, skipped }) => [operation, skipped])).toEqual([
      ["renewLease", undefined],
      ["loadTasks", undefined],
      ["renewLease", 3],
    ]);
  });

  it("show unexpected errors with their stack", () => {
    const { lines, telemetry } = setup("info");
    telemetry.emit({ type: "unexpectedError", where: "loop", error: new Error("a bug") });
    const line = JSON.parse(lines[0]!) as { err: { stack: string } };
    expect(line).toMatchObject({ level: 50, where: "loop", err: { message: "a bug" } });
    expect(line.err.stack).toContain("log-telemetry.test");
  });
});

describe("several telemetries", () => {
  it("do not harm each other", () => {
    const seen: HoraeEvent[] = [];
    const errors: unknown[] = [];
    const broken = {
      emit: () => {
        throw new Error("broken");
      },
    };
    const tee = teeTelemetry([broken, { emit: (event) => void seen.push(event) }], (error) =>
      errors.push(error),
    );
    tee.emit(STARTED);
    expect(seen).toEqual([STARTED]);
    expect(errors).toMatchObject([{ message: "broken" }]);
  });
});
