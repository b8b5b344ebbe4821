import {
  type Checkpoint,
  compareJournalPositions,
  hasCode,
  type JournalPosition,
} from "@horae/core";
import type { OwnerContext } from "./owner-context.ts";

/**
 * What follows an acknowledged checkpoint: the log hears how far it is applied, and the journal is
 * trimmed. In the background, one of each at a time: a log or a store that does not answer must not
 * cost the lease, whose next renewal would else wait for it.
 */
export class CheckpointTrail {
  readonly #context: OwnerContext;
  readonly #onError: (error: unknown) => void;
  #acked: Checkpoint;
  #markedOffset: number;
  #trimmedBelow: JournalPosition;
  #isMarking = false;
  #isTrimming = false;
  #isStopped = false;

  constructor(context: OwnerContext, onError: (error: unknown) => void) {
    this.#context = context;
    this.#onError = onError;
    const { checkpoint } = context.lease;
    this.#acked = checkpoint;
    this.#markedOffset = checkpoint.appliedOffset;
    this.#trimmedBelow = checkpoint.journal;
  }

  /** Only behind an acknowledged checkpoint is anything forgotten. */
  follow(acked: Checkpoint): void {
    if (this.#isStopped) return;
    this.#acked = acked;
    // Both may be lost with the process: the next checkpoint that moves does them again.
    if (!this.#isMarking) this.#mark().catch((error: unknown) => this.#report(error));
    if (!this.#isTrimming) this.#trim().catch((error: unknown) => this.#report(error));
  }

  /** No write begins any more: the lease is being released. */
  stop(): void {
    this.#isStopped = true;
  }

  async #mark(): Promise<void> {
    const { partition, log } = this.#context;
    this.#isMarking = true;
    try {
      while (this.#acked.appliedOffset > this.#markedOffset) {
        const offset = this.#acked.appliedOffset;
        await this.#context.read("markApplied", () => log.markApplied({ partition, offset }));
        this.#markedOffset = offset;
      }
    } finally {
      this.#isMarking = false;
    }
  }

  async #trim(): Promise<void> {
    const { partition, store } = this.#context;
    this.#isTrimming = true;
    try {
      while (!this.#isStopped && this.#isTrimDue()) {
        const below = this.#acked.journal;
        await this.#context.write("trimClaims", (timestamp) =>
          store.trimClaims({ partition, timestamp, below }),
        );
        this.#trimmedBelow = below;
      }
    } finally {
      this.#isTrimming = false;
    }
  }

  #isTrimDue(): boolean {
    return compareJournalPositions(this.#acked.journal, this.#trimmedBelow) > 0;
  }

  #report(error: unknown): void {
    if (!hasCode(error, "LEASE_LOST")) this.#onError(error);
  }
}
