import type { AppendAck, HoraeError } from "@horae/core";
import type { OutgoingMessage } from "./broker.ts";

/** An append that no broker has answered yet. */
export interface PendingAppend {
  readonly partition: number;
  readonly message: OutgoingMessage;
  /** What it takes in a request, at most. */
  readonly bytes: number;
  /** True after a batch with it was too large: it goes in a batch of its own. */
  isAlone: boolean;
  readonly resolve: (ack: AppendAck) => void;
  readonly reject: (error: HoraeError) => void;
}

export interface BatchLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** Appends that wait for a request, in order of arrival per partition. */
export class PendingAppends {
  /** Only partitions for which something waits. */
  readonly #queues = new Map<number, PendingAppend[]>();

  get partitions(): readonly number[] {
    return [...this.#queues.keys()];
  }

  push(append: PendingAppend): void {
    const queue = this.#queues.get(append.partition);
    if (queue === undefined) this.#queues.set(append.partition, [append]);
    else queue.push(append);
  }

  /** Puts what was taken back in front of everything else of its partition. */
  putBack(partition: number, appends: readonly PendingAppend[]): void {
    this.#queues.set(partition, [...appends, ...(this.#queues.get(partition) ?? [])]);
  }

  /** The next batch of a partition: within the limits, but at least one record. */
  takeBatch(partition: number, limits: BatchLimits): PendingAppend[] {
    const queue = this.#queues.get(partition) ?? [];
    let count = 0;
    let bytes = 0;
    for (const append of queue) {
      bytes += append.bytes;
      const fits = count < limits.recordsMax && bytes <= limits.bytesMax && !append.isAlone;
      if (count > 0 && !fits) break;
      count++;
      if (append.isAlone) break;
    }
    return this.#take(partition, count);
  }

  takeAll(partition: number): PendingAppend[] {
    return this.#take(partition, Infinity);
  }

  #take(partition: number, count: number): PendingAppend[] {
    const queue = this.#queues.get(partition) ?? [];
    if (count >= queue.length) {
      this.#queues.delete(partition);
      return queue;
    }
    return queue.splice(0, count);
  }
}
