import type { BucketSummary, Checkpoint, Lease, StatusCells, TaskRequest } from "@horae/core";
import {
  claimsOf,
  claimsText,
  leaseOf,
  leaseValues,
  requestOf,
  requestText,
  statusOf,
  statusText,
  summaryOf,
  summaryText,
  taskRowOf,
} from "../src/rows.ts";

const KEY = {
  scheduledTimeMs: 1_760_000_000_000,
  orderingId: "customer-42",
  uniquenessKey: 'ü/7"',
};
const REQUEST: TaskRequest = {
  type: "send-reminder",
  dataJson: '{"a": 1.0, "text":"\\u0000\\ud83d\\ude00 \n"}',
  options: { maxAttempts: 3, backoff: { initialMs: 5 } },
  headers: { traceparent: "00-1" },
  appendedAtMs: 1_760_000_000_001,
  offset: 2 ** 53 - 1,
};
const STATUS: StatusCells = {
  status: "retrying",
  attempts: 2,
  withdrawn: 1,
  claimOpen: true,
  nextAttemptAtMs: 1_760_000_001_000,
  lastError: { code: "HANDLER_FAILED", message: "half a pair: \ud83d" },
  resultJson: null,
  finishedAtMs: null,
};

describe("rows", () => {
  it("keeps a request, its data byte for byte", () => {
    const row = { request: requestText(REQUEST), data: REQUEST.dataJson };
    expect(requestOf(row as never)).toEqual(REQUEST);
  });

  it("keeps a status", () => {
    expect(statusOf({ status: statusText(STATUS) } as never)).toEqual(STATUS);
    const wider = { ...STATUS, unknown: 1 } as StatusCells;
    expect(statusOf({ status: statusText(wider) } as never)).toEqual(STATUS);
  });

  it("writes ill-formed text so that it comes back", () => {
    expect(statusText(STATUS)).toContain(String.raw`\ud83d`);
  });

  it("knows a row without request cells", () => {
    const row = {
      scheduled_time: new Date(KEY.scheduledTimeMs),
      ordering_id: KEY.orderingId,
      uniqueness_key: KEY.uniquenessKey,
      request: null,
      data: null,
      status: statusText(STATUS),
    };
    expect(taskRowOf(row as never)).toEqual({ key: KEY, request: null, status: STATUS });
  });

  it.each<BucketSummary>([
    { lowKey: KEY, exceptions: [KEY, KEY], state: "open", lastFinishMs: 7 },
    { lowKey: null, exceptions: [], state: "deleting", lastFinishMs: null },
  ])("keeps a summary", (summary) => {
    expect(summaryOf({ summary: summaryText(summary) } as never)).toEqual(summary);
  });

  it("keeps claims", () => {
    const claims = [{ key: KEY, attempt: 3 }];
    expect(claimsOf({ claims: claimsText(claims) } as never)).toEqual(claims);
    expect(claimsOf({ claims: claimsText([]) } as never)).toEqual([]);
  });

  it.each<Checkpoint>([
    {
      appliedOffset: -1,
      fingerprint: null,
      journal: { epoch: 0, sequence: 0 },
      highestStartedKey: null,
    },
    {
      appliedOffset: 9,
      fingerprint: "f",
      journal: { epoch: 2, sequence: 5 },
      highestStartedKey: KEY,
    },
  ])("keeps a lease", (checkpoint) => {
    const lease: Lease = {
      epoch: 3,
      renewal: 2 ** 40,
      owner: "node-1",
      ownerUrl: null,
      periodMs: 3_000,
      tsUpper: 1_760_000_000_000_000,
      wantedBy: null,
      checkpoint,
    };
    const columns = "epoch renewal owner owner_url period_ms ts_upper wanted_by checkpoint".split(
      " ",
    );
    const values = leaseValues(lease);
    const row = Object.fromEntries(columns.map((column, i) => [column, values[i]]));
    expect(leaseOf(row as never)).toEqual(lease);
  });
});
