import {
  FIRST_CHECKPOINT,
  type Lease,
  type StatusCells,
  type TaskKey,
  type TaskRequest,
} from "@horae/core";

export const T0 = 1_800_000_000_000;

export function keyAt(i: number): TaskKey {
  return { scheduledTimeMs: T0 + i, orderingId: `customer-${i % 100}`, uniquenessKey: `u-${i}` };
}

export function requestAt(i: number, dataJson = `{"n":${i}}`): TaskRequest {
  return { type: "t", dataJson, options: {}, headers: {}, appendedAtMs: T0, offset: i };
}

export function rowsAt(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    key: keyAt(from + i),
    request: requestAt(from + i),
  }));
}

export const SUCCEEDED: StatusCells = {
  status: "succeeded",
  attempts: 1,
  withdrawn: 0,
  claimOpen: false,
  nextAttemptAtMs: null,
  lastError: null,
  resultJson: null,
  finishedAtMs: T0,
};

export function leaseOf(epoch: number, renewal: number, owner: string): Lease {
  return {
    epoch,
    renewal,
    owner,
    ownerUrl: null,
    periodMs: 3_000,
    tsUpper: T0 * 1_000 + renewal,
    wantedBy: null,
    checkpoint: FIRST_CHECKPOINT,
  };
}
