import type { DeadLetter, Lease, StatusCells, TaskKey, TaskRequest, TaskRow } from "@horae/core";
import { FIRST_CHECKPOINT } from "@horae/core";

const NOON = Date.UTC(2026, 11, 1, 12);

/** Builders of what tests need, each valid as it is; give the fields that matter. */
export function taskKey(fields: Partial<TaskKey> = {}): TaskKey {
  return {
    scheduledTimeMs: NOON,
    orderingId: "customer-42",
    uniquenessKey: "invoice-7",
    ...fields,
  };
}

export function taskRequest(fields: Partial<TaskRequest> = {}): TaskRequest {
  return {
    type: "send-reminder",
    dataJson: '{"invoice":7}',
    options: {},
    headers: {},
    appendedAtMs: NOON - 3_600_000,
    offset: 0,
    ...fields,
  };
}

/** Waiting for its second attempt. */
export function statusCells(fields: Partial<StatusCells> = {}): StatusCells {
  return {
    status: "retrying",
    attempts: 1,
    withdrawn: 0,
    claimOpen: false,
    nextAttemptAtMs: NOON + 1_000,
    lastError: { code: "HANDLER_FAILED", message: "boom" },
    resultJson: null,
    finishedAtMs: null,
    ...fields,
  };
}

export function succeededCells(fields: Partial<StatusCells> = {}): StatusCells {
  return statusCells({
    status: "succeeded",
    nextAttemptAtMs: null,
    lastError: null,
    resultJson: "null",
    finishedAtMs: NOON + 5,
    ...fields,
  });
}

export function taskRow(fields: Partial<TaskRow> = {}): TaskRow {
  return { key: taskKey(), request: taskRequest(), status: null, ...fields };
}

export function deadLetter(fields: Partial<DeadLetter> = {}): DeadLetter {
  const failedAtMs = fields.failedAtMs ?? NOON + 9;
  return {
    failedAtMs,
    key: taskKey(),
    request: taskRequest(),
    status: statusCells({ status: "failed", nextAttemptAtMs: null, finishedAtMs: failedAtMs }),
    ...fields,
  };
}

export function lease(fields: Partial<Lease> = {}): Lease {
  return {
    epoch: 1,
    renewal: 1,
    owner: "node-1#token",
    ownerUrl: null,
    periodMs: 3_000,
    tsUpper: 1_000_000,
    wantedBy: null,
    checkpoint: FIRST_CHECKPOINT,
    ...fields,
  };
}
