import type { Clock, HoraeError, Timer } from "@horae/core";

/** Commits are for people who watch the lag: one a second is plenty. */
const COMMIT_EVERY_MS = 1_000;

export interface AppliedCommitsOptions {
  readonly clock: Clock;
  /** Partitions that may be committed: another owner's offset must not be overwritten. */
  readonly isCommitable: (partition: number) => boolean;
  readonly commit: (offsets: readonly { partition: number; offset: number }[]) => Promise<void>;
  readonly onTrouble: (error: HoraeError) => void;
}

/**
 * Passes on how far partitions are applied, the latest of each, in one commit a second. Nothing reads
 * these offsets but tools: a commit that fails is reported and forgotten.
 */
export class AppliedCommits {
  readonly #options: AppliedCommitsOptions;
  readonly #offsets = new Map<number, number>();
  #timer: Timer | null = null;

  constructor(options: AppliedCommitsOptions) {
    this.#options = options;
  }

  mark(partition: number, appliedOffset: number): void {
    // Kafka's commits name the next offset.
    this.#offsets.set(partition, appliedOffset + 1);
    this.#timer ??= this.#options.clock.setTimer(COMMIT_EVERY_MS, () => void this.flush());
  }

  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const offsets = [...this.#offsets]
      .filter(([partition]) => this.#options.isCommitable(partition))
      .map(([partition, offset]) => ({ partition, offset }));
    this.#offsets.clear();
    if (offsets.length === 0) return;
    try {
      // Dying before this: tools show an older offset until the next owner commits.
      await this.#options.commit(offsets);
    } catch (error) {
      this.#options.onTrouble(error as HoraeError);
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#offsets.clear();
  }
}
