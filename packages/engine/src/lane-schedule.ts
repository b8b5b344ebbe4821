import type { Lane } from "./lane.ts";

interface Entry {
  readonly atMs: number;
  readonly lane: Lane;
  readonly ticket: number;
}

/**
 * Lanes by the time of their next offer: a binary min-heap. A lane that changes gets a new entry;
 * its old one is recognised by its ticket and dropped when it comes up.
 */
export class LaneSchedule {
  readonly #heap: Entry[] = [];

  /** The lane's next offer is at `atMs`; null when it has none. */
  set(lane: Lane, atMs: number | null): void {
    lane.ticket++;
    if (atMs === null) return;
    this.#heap.push({ atMs, lane, ticket: lane.ticket });
    this.#siftUp(this.#heap.length - 1);
  }

  /** When the next offer is, epoch milliseconds; null when there is none. */
  get nextAtMs(): number | null {
    this.#dropStale();
    return this.#heap[0]?.atMs ?? null;
  }

  /** Takes the lane whose offer is at or before `untilMs` and comes first. */
  take(untilMs: number): Lane | null {
    this.#dropStale();
    const top = this.#heap[0];
    if (top === undefined || top.atMs > untilMs) return null;
    this.#removeTop();
    return top.lane;
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.ticket === top.lane.ticket) return;
      this.#removeTop();
    }
  }

  #removeTop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(index: number): void {
    const heap = this.#heap;
    const entry = heap[index]!;
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.atMs <= entry.atMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const entry = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++;
      if (heap[child]!.atMs >= entry.atMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
