import type { StatusCells } from "@horae/core";
import type { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";

interface Outcome {
  readonly task: LoadedTask;
  readonly bucket: number;
  readonly status: StatusCells;
  readonly done: (error?: unknown) => void;
}

/**
 * Writes outcomes in groups, one write per bucket at a time: what ends while a write is under way
 * joins the next one. All status cells of a task are written together. A failed task's outcome is
 * recorded when its dead letter is, too.
 */
export class OutcomeRecorder {
  readonly #context: OwnerContext;
  /** Outcomes that wait, by bucket; a bucket is here while a writer works on it. */
  readonly #waiting = new Map<number, Outcome[]>();
  readonly #writers = new Set<Promise<void>>();

  constructor(context: OwnerContext) {
    this.#context = context;
  }

  /** Resolves when the status of the task is acknowledged. */
  record(task: LoadedTask, bucket: number, status: StatusCells): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const outcome: Outcome = { task, bucket, status, done };
      const queue = this.#waiting.get(bucket);
      if (queue !== undefined) {
        queue.push(outcome);
        return;
      }
      this.#waiting.set(bucket, [outcome]);
      const writer = this.#writeBucket(bucket).finally(() => this.#writers.delete(writer));
      this.#writers.add(writer);
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writers.size > 0) await Promise.all(this.#writers);
  }

  async #writeBucket(bucket: number): Promise<void> {
    // Outcomes of the same turn share the write.
    await Promise.resolve();
    const queue = this.#waiting.get(bucket)!;
    while (queue.length > 0) {
      const group = queue.splice(0, this.#context.settings.outcomesPerWriteMax);
      try {
        await this.#write(bucket, group);
        for (const outcome of group) outcome.done();
      } catch (error) {
        for (const outcome of group) outcome.done(error);
      }
    }
    this.#waiting.delete(bucket);
  }

  async #write(bucket: number, group: readonly Outcome[]): Promise<void> {
    const { partition, epoch, store, telemetry } = this.#context;
    const rows = group.map(({ task, status }) => ({ key: task.key, status }));
    // Dying before this: the claim in the journal has no outcome, so the attempt counts and the
    // task runs again. Dying after it: the row is finished, or waits for its next attempt.
    await this.#context.writeOutcome((timestamp) =>
      store.recordStatuses({ partition, bucket, timestamp, rows }),
    );
    const failed = group.filter(({ status }) => status.status === "failed");
    await Promise.all(failed.map((outcome) => this.#writeDeadLetter(outcome)));
    telemetry.emit({ type: "outcomesRecorded", partition, epoch, outcomes: group.length });
  }

  async #writeDeadLetter({ task, status }: Outcome): Promise<void> {
    const { partition, store } = this.#context;
    const { key, request } = task;
    const letter = { failedAtMs: status.finishedAtMs!, key, request, status };
    // The row comes first and names the letter's key. Dying in between: summary and journal have
    // not passed the task, so the next owner finds the failed row and writes the letter again.
    await this.#context.writeOutcome((timestamp) =>
      store.writeDeadLetter({ partition, timestamp, letter }),
    );
  }
}
