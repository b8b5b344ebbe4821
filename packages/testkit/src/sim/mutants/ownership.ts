import type { Mutant } from "./mutant.ts";

/** Bugs of leases, checkpoints and hand-over. */
export const OWNERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: "adoption without the wait",
    breaks: "a held lease is taken only when it was seen unchanged for a full period",
    file: "engine/src/lease-acquirer.ts",
    find: "return silentMs > 0 && silentMs >= Math.max(row.periodMs, holder.periodMs);",
    replace: "return silentMs >= 0;",
  },
  {
    name: "renewal without `renewal = r`",
    breaks: "every swap says IF epoch = e AND renewal = r",
    file: "testkit/src/sim/sim-leases.ts",
    find: "row.epoch === expected.epoch && row.renewal === expected.renewal",
    replace: "row.epoch === expected.epoch",
  },
  {
    name: "an unknown renewal taken for a success",
    breaks: "an unknown outcome is not a success: go on from what a read shows",
    file: "engine/src/held-lease.ts",
    find: 'if (!hasCode(error, "STORE_UNKNOWN")) throw error;',
    replace: 'if (!hasCode(error, "STORE_UNKNOWN")) throw error; this.#row = next; return true;',
  },
  {
    name: "timestamp range reused",
    breaks: "ranges of different epochs are disjoint",
    file: "engine/src/lease-acquirer.ts",
    find: "const timestampsAbove = row?.tsUpper ?? 0;",
    replace: "const timestampsAbove = 0;",
  },
  {
    name: "release below what was used",
    breaks: "release never lowers ts_upper below a timestamp used",
    file: "engine/src/lease-rules.ts",
    find: "tsUpper: last.usedUpTo,",
    replace: "tsUpper: last.usedUpTo - 5_000_000,",
  },
  {
    name: "no deadline",
    breaks: "nothing is claimed or started past the deadline of the lease",
    file: "engine/src/held-lease.ts",
    find: "return !this.#isLost && this.validForMs > 0;",
    replace: "return !this.#isLost;",
  },
  {
    name: "deadline by the monotonic clock alone",
    breaks: "a suspended machine stops one of the clocks",
    file: "engine/src/held-lease.ts",
    find: "return Math.max(this.#clock.monotonicMs() - monotonicMs, this.#clock.nowMs() - wallMs);",
    replace: "return this.#clock.monotonicMs() - monotonicMs + 0 * wallMs;",
  },
  {
    name: "journal trimmed before the checkpoint is acknowledged",
    breaks: "journal rows are trimmed only behind an acknowledged checkpoint",
    file: "engine/src/owned-partition.ts",
    find: "if (await lease.renew(snapshot)) this.#trail.follow(snapshot);",
    replace: "this.#trail.follow(snapshot); await lease.renew(snapshot);",
  },
  {
    name: "a trim holds the renewal up",
    breaks: "a store that does not answer must not cost the lease",
    file: "engine/src/owned-partition.ts",
    find: "if (await lease.renew(snapshot)) this.#trail.follow(snapshot);",
    replace:
      'if (await lease.renew(snapshot)) { const c = this.#context; await c.write("trimClaims", (timestamp) => c.store.trimClaims({ partition: c.partition, timestamp, below: snapshot.journal })); }',
  },
  {
    name: "applied offset before the persist",
    breaks: "the applied offset moves only when row and summary are acknowledged",
    file: "engine/src/receiver.ts",
    find: "const others = Promise.all([this.#forward(batch), this.#quarantine(batch.refused)]);",
    replace:
      "const others = Promise.all([this.#forward(batch), this.#quarantine(batch.refused)]); this.#appliedOffset = records.at(-1)!.offset; this.#fingerprint = fingerprintOf(records.at(-1)!);",
  },
  {
    name: "bad records dropped",
    breaks: "a record that cannot be decoded goes to the quarantine",
    file: "engine/src/receiver.ts",
    find: "this.#forward(batch), this.#quarantine(batch.refused)",
    replace: "this.#forward(batch), this.#quarantine([])",
  },
  {
    name: "journal left too early",
    breaks: "the journal position does not pass open attempts",
    file: "engine/src/attempt-journal.ts",
    find: "sequence: first?.sequence ?? this.#sequence",
    replace: "sequence: first === undefined ? this.#sequence : this.#sequence",
  },
  {
    name: "claims not written",
    breaks: "an attempt is durable before its handler starts",
    file: "engine/src/attempt-journal.ts",
    find: "store.appendClaims({ partition, timestamp, row: { epoch, sequence, claims } }),",
    replace:
      "Promise.resolve(void { partition, timestamp, row: { epoch, sequence, claims }, store }),",
  },
  {
    name: "claims of earlier owners not settled",
    breaks: "a claim without outcome counts at take-over",
    file: "engine/src/take-over.ts",
    find: "await settleClaims(context, claims.open);",
    replace: "if (claims.open.size < 0) await settleClaims(context, claims.open);",
  },
  {
    name: "highest started key without the journal",
    breaks:
      "look for keys at or below the highest that any owner has started (checkpoint + journal)",
    file: "engine/src/take-over.ts",
    find: "highestStartedKey: maxKey(highestStartedKey, claims.highestKey)",
    replace: "highestStartedKey: maxKey(highestStartedKey, null)",
  },
  {
    name: "a lost group hands nothing over",
    breaks: "who has lost the group hands over to whoever asks",
    file: "engine/src/partition.ts",
    find: "return this.#isGroupLost && wantedBy !== null;",
    replace: "return false;",
  },
  {
    name: "a take-over outlives its epoch",
    breaks: "who lost the lease, or stops, ends; the partition goes on with the next epoch",
    file: "engine/src/owned-partition.ts",
    find: "    this.#context.end();\n    await this.#taking;",
    replace: "    await this.#taking;\n    this.#context.end();",
  },
  {
    name: "attempt numbers begin again",
    breaks: "attempt numbers always grow",
    file: "engine/src/loaded-task.ts",
    find: "this.attempts = status?.attempts ?? 0;",
    replace: "this.attempts = 0;",
  },
  {
    name: "the fence is the epoch",
    breaks: "fences strictly grow per ordering id",
    file: "engine/src/attempt-journal.ts",
    find: "task.claim!.fence = fence;",
    replace: "task.claim!.fence = fence > 0 ? epoch : 0;",
  },
];
