import type { StatusCells, TaskRow } from "@horae/core";
import { taskView } from "../../src/listing/task-view.ts";

const STATUS: StatusCells = {
  status: "retrying",
  attempts: 3,
  withdrawn: 1,
  claimOpen: false,
  nextAttemptAtMs: 60_000,
  lastError: { code: "Error", message: "not now" },
  resultJson: null,
  finishedAtMs: null,
};

function row(status: Partial<StatusCells> | null): TaskRow {
  return {
    key: { scheduledTimeMs: 0, orderingId: "a b", uniquenessKey: "c" },
    request: {
      type: "t",
      dataJson: "[1]",
      options: { maxAttempts: 2 },
      headers: { traceparent: "00" },
      appendedAtMs: 1_000,
      offset: 4,
    },
    status: status === null ? null : { ...STATUS, ...status },
  };
}

const IDLE = { partition: 2, isRunning: false };
const RUNNING = { partition: 2, isRunning: true };

describe("the view of a task", () => {
  it("has its request", () => {
    expect(taskView(row(null), IDLE)).toMatchObject({
      key: "1970-01-01T00:00:00.000Z/a%20b/c",
      status: "pending",
      attempts: 0,
      data: [1],
      options: { maxAttempts: 2 },
      headers: { traceparent: "00" },
      partition: 2,
      offset: 4,
      appendedTime: "1970-01-01T00:00:01.000Z",
    });
  });

  it("counts the attempts that count", () => {
    expect(taskView(row({}), IDLE)).toMatchObject({
      status: "retrying",
      attempts: 2,
      nextAttemptTime: "1970-01-01T00:01:00.000Z",
      lastError: { code: "Error", message: "not now" },
    });
  });

  it.each([
    [null, 1],
    [{}, 3],
    [{ claimOpen: true }, 2],
  ])("counts the attempt that runs: %p", (status, attempts) => {
    const view = taskView(row(status), RUNNING);
    expect(view).toMatchObject({ status: "running", attempts, nextAttemptTime: null });
  });

  it("takes what is stored for final", () => {
    const done = {
      status: "succeeded",
      resultJson: '{"ok":1}',
      finishedAtMs: 5,
      nextAttemptAtMs: null,
    };
    const view = taskView(row(done as Partial<StatusCells>), RUNNING);
    expect(view).toMatchObject({
      status: "succeeded",
      result: { ok: 1 },
      finishedTime: "1970-01-01T00:00:00.005Z",
      nextAttemptTime: null,
    });
  });

  it("is none for a row without request", () => {
    expect(taskView({ ...row({}), request: null }, IDLE)).toBeNull();
  });
});
