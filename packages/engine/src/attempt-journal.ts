import { bucketOf, type JournalPosition } from "@horae/core";
import type { LoadedTask, TaskClaim } from "./loaded-task.ts";
import { openClaimStatus } from "./outcome.ts";
import type { OwnerContext } from "./owner-context.ts";

interface OpenRow {
  readonly sequence: number;
  readonly appendedAtMs: number;
  /** Tasks whose claim in this row has no acknowledged outcome yet. */
  readonly tasks: Set<LoadedTask>;
}

/**
 * Makes claims durable before handlers start: one journal row holds the claims that a partition
 * makes together. A row is open until each of its claims has an acknowledged outcome; the journal
 * position, from which a take-over reads, stops at the first open row.
 */
export class AttemptJournal {
  readonly #context: OwnerContext;
  readonly #onClaimed: (tasks: readonly LoadedTask[]) => void;
  readonly #onError: (error: unknown) => void;
  readonly #open = new Map<number, OpenRow>();
  #pending: LoadedTask[] = [];
  #isWriting = false;
  #isFlushPlanned = false;
  #sequence = 0;

  constructor(
    context: OwnerContext,
    hooks: {
      /** Claims are acknowledged: the tasks may start. */
      onClaimed: (tasks: readonly LoadedTask[]) => void;
      onError: (error: unknown) => void;
    },
  ) {
    this.#context = context;
    this.#onClaimed = hooks.onClaimed;
    this.#onError = hooks.onError;
  }

  /** Everything below this has an outcome. */
  get position(): JournalPosition {
    const first = this.#open.values().next().value;
    return { epoch: this.#context.epoch, sequence: first?.sequence ?? this.#sequence };
  }

  /** Plans to write the claim of a task that was just given its attempt number. */
  add(task: LoadedTask): void {
    this.#pending.push(task);
    if (this.#isWriting || this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // Claims made in the same turn share a row.
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#flush().catch(this.#onError);
    });
  }

  /** The claim of a task has an acknowledged outcome, or lives in its task row now. */
  close(task: LoadedTask): void {
    const sequence = task.claim?.sequence;
    const row = sequence === undefined ? undefined : this.#open.get(sequence);
    if (row === undefined) return;
    row.tasks.delete(task);
    if (row.tasks.size === 0) this.#open.delete(row.sequence);
  }

  /** Moves claims that stay open for long to their task rows, so that the journal can be trimmed. */
  moveOldClaims(): void {
    const { clock, settings } = this.#context;
    const beforeMs = clock.monotonicMs() - settings.claimMoveMs;
    for (const row of this.#open.values()) {
      if (row.appendedAtMs > beforeMs) break;
      for (const task of row.tasks) {
        if (task.state === "running" && task.claim?.isMoving === false) {
          this.#move(task, task.claim).catch(this.#onError);
        }
      }
    }
  }

  async #move(task: LoadedTask, claim: TaskClaim): Promise<void> {
    const { partition, bucketMs, store } = this.#context;
    claim.isMoving = true;
    const bucket = bucketOf(task.key, bucketMs);
    const rows = [{ key: task.key, status: openClaimStatus(task) }];
    // Dying here is safe: the claim is in the journal, in the row, or in both, with one number. An
    // outcome that is recorded meanwhile has a later timestamp and stays.
    await this.#context.write("moveClaim", (timestamp) =>
      store.recordStatuses({ partition, bucket, timestamp, rows }),
    );
    if (task.claim === claim) this.close(task);
  }

  async #flush(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#pending.length > 0) {
        await this.#append(this.#pending.splice(0, this.#context.settings.claimsPerRowMax));
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #append(tasks: LoadedTask[]): Promise<void> {
    const { partition, epoch, store, telemetry, clock } = this.#context;
    const sequence = this.#sequence++;
    const appendedAtMs = clock.monotonicMs();
    this.#open.set(sequence, { sequence, appendedAtMs, tasks: new Set(tasks) });
    for (const task of tasks) task.claim = { sequence, fence: 0, isMoving: false };
    const claims = tasks.map(({ key, attempts }) => ({ key, attempt: attempts }));
    // Dying before the acknowledgement: no handler has started. Dying after it: the next owner
    // finds the claim and counts the attempt, whether its handler had started or not.
    const fence = await this.#context.write("appendClaims", (timestamp) =>
      store.appendClaims({ partition, timestamp, row: { epoch, sequence, claims } }),
    );
    for (const task of tasks) task.claim!.fence = fence;
    telemetry.emit({ type: "claimsAppended", partition, epoch, claims: tasks.length });
    this.#onClaimed(tasks);
  }
}
