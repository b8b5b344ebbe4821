import type { Timer } from "@horae/core";

/** Something that will happen in a simulation. */
export class SimEvent implements Timer {
  readonly atMs: number;
  /** Decides between events of the same moment: drawn, so that each order comes up. */
  readonly tie: number;
  readonly sequence: number;
  /** Null once it is cancelled. */
  fire: (() => void) | null;

  constructor(at: { ms: number; tie: number; sequence: number }, fire: () => void) {
    this.atMs = at.ms;
    this.tie = at.tie;
    this.sequence = at.sequence;
    this.fire = fire;
  }

  cancel(): void {
    this.fire = null;
  }
}

/** A binary heap of events: the next one first. */
export class EventHeap {
  readonly #events: SimEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  push(event: SimEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, events[parent]!)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  pop(): SimEvent | null {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined) return null;
    if (events.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: SimEvent): void {
    const events = this.#events;
    const half = events.length >> 1;
    let at = 0;
    while (at < half) {
      let child = 2 * at + 1;
      const right = child + 1;
      if (right < events.length && isBefore(events[right]!, events[child]!)) child = right;
      if (!isBefore(events[child]!, event)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
}
