import type { Environment } from "./environment.ts";
import { trimRecords } from "./log-rows.ts";

/** Records that one write removes: about a millisecond of the event loop. */
const TRIM_RECORDS_MAX = 500;

/**
 * Removes records that are applied and checkpointed, behind everybody's back: in small writes that
 * join commits, one at a time per partition. The record at the applied offset stays, because a
 * checkpoint names its fingerprint.
 */
export class LogTrimmer {
  readonly #environment: Environment;
  /** Per partition, up to where records may go. */
  readonly #applied = new Map<number, number>();
  readonly #running = new Set<number>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Everything below `offset` may go. Resolves when a first part has gone, or nothing was there. */
  async trim(position: { partition: number; offset: number }): Promise<void> {
    const { partition, offset } = position;
    this.#applied.set(partition, Math.max(offset, this.#applied.get(partition) ?? 0));
    if (this.#running.has(partition)) return;
    this.#running.add(partition);
    let removed: number;
    try {
      removed = await this.#removeSome(partition);
    } catch (error) {
      this.#running.delete(partition);
      throw error;
    }
    void this.#removeRest(partition, removed);
  }

  async #removeRest(partition: number, removedFirst: number): Promise<void> {
    try {
      let removed = removedFirst;
      while (removed === TRIM_RECORDS_MAX) removed = await this.#removeSome(partition);
    } catch {
      // Nothing is lost: the next checkpoint asks again.
    } finally {
      this.#running.delete(partition);
    }
  }

  /** Dying between two parts leaves records that are applied; the next checkpoint removes them. */
  #removeSome(partition: number): Promise<number> {
    return this.#environment.write({
      writer: "store",
      rows: TRIM_RECORDS_MAX,
      bytes: 0,
      apply: (tables) => {
        const offset = this.#applied.get(partition) ?? 0;
        return trimRecords(tables, { partition, offset }, TRIM_RECORDS_MAX);
      },
    });
  }
}
