import {
  compareJournalPositions,
  DEFAULT_TASK_OPTIONS,
  EMPTY_SUMMARY,
  isDone,
  isFinished,
  NO_TELEMETRY,
  resolveTaskOptions,
} from "../src/index.ts";
import type { StatusCells, StoredStatus } from "../src/index.ts";

function cells(status: StoredStatus): StatusCells {
  return {
    status,
    attempts: 1,
    withdrawn: 0,
    claimOpen: false,
    nextAttemptAtMs: null,
    lastError: null,
    resultJson: null,
    finishedAtMs: null,
  };
}

describe("resolveTaskOptions", () => {
  it("fills in defaults, also inside backoff", () => {
    expect(resolveTaskOptions({})).toEqual(DEFAULT_TASK_OPTIONS);
    const resolved = resolveTaskOptions({ maxAttempts: 1, backoff: { factor: 3 } });
    expect(resolved).toEqual({
      ...DEFAULT_TASK_OPTIONS,
      maxAttempts: 1,
      backoff: { ...DEFAULT_TASK_OPTIONS.backoff, factor: 3 },
    });
  });
});

describe("isFinished", () => {
  it("is true for succeeded and failed only", () => {
    expect(isFinished(null)).toBe(false);
    expect(isFinished(cells("retrying"))).toBe(false);
    expect(isFinished(cells("succeeded"))).toBe(true);
    expect(isFinished(cells("failed"))).toBe(true);
  });
});

describe("isDone", () => {
  it("is true for a summary without low key and exceptions", () => {
    const key = { scheduledTimeMs: 1, orderingId: "a", uniquenessKey: "b" };
    expect(isDone(EMPTY_SUMMARY)).toBe(true);
    expect(isDone({ ...EMPTY_SUMMARY, lowKey: key })).toBe(false);
    expect(isDone({ ...EMPTY_SUMMARY, exceptions: [key] })).toBe(false);
  });
});

describe("compareJournalPositions", () => {
  it("orders by epoch, then by sequence", () => {
    const positions = [
      { epoch: 2, sequence: 0 },
      { epoch: 1, sequence: 9 },
      { epoch: 1, sequence: 10 },
    ];
    expect(positions.toSorted(compareJournalPositions)).toEqual([
      { epoch: 1, sequence: 9 },
      { epoch: 1, sequence: 10 },
      { epoch: 2, sequence: 0 },
    ]);
  });
});

describe("NO_TELEMETRY", () => {
  it("takes events and does nothing", () => {
    expect(NO_TELEMETRY.emit({ type: "leaseLost", partition: 0, epoch: 1 })).toBeUndefined();
  });
});
