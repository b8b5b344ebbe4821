import type { HoraeEvent, Telemetry } from "@horae/core";
import { afterRealTime } from "./fake-clock.ts";

type EventType = HoraeEvent["type"];
type EventOf<Type extends EventType> = Extract<HoraeEvent, { type: Type }>;

/** Below Jest's own limit, so that the message of the wait is the one that is seen. */
const PATIENCE_MS = 4_500;

const EVENTS_SHOWN_MAX = 100;

interface Waiter {
  readonly matches: (event: HoraeEvent) => boolean;
  readonly resolve: (event: HoraeEvent) => void;
}

/** Records what happens, so that tests wait for events and never for time. */
export class EventRecorder implements Telemetry {
  readonly events: HoraeEvent[] = [];
  readonly #waiters = new Set<Waiter>();
  /** Events that a wait has ended with: the next wait is for another one. */
  readonly #consumed = new WeakSet<HoraeEvent>();
  readonly #patienceMs: number;

  constructor(options: { patienceMs?: number } = {}) {
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  emit(event: HoraeEvent): void {
    this.events.push(event);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue;
      this.#waiters.delete(waiter);
      this.#consumed.add(event);
      waiter.resolve(event);
      return;
    }
  }

  /**
   * Resolves with the first event of the type that matches and that no wait has had, from those
   * recorded so far on. Rejects with the list of what was recorded when patience is at an end.
   */
  next<Type extends EventType>(
    type: Type,
    matches: (event: EventOf<Type>) => boolean = () => true,
  ): Promise<EventOf<Type>> {
    const isMatch = (event: HoraeEvent): boolean =>
      event.type === type && matches(event as EventOf<Type>);
    const found = this.events.find((event) => !this.#consumed.has(event) && isMatch(event));
    if (found !== undefined) {
      this.#consumed.add(found);
      return Promise.resolve(found as EventOf<Type>);
    }
    return new Promise((resolve, reject) => {
      const callOff = afterRealTime(this.#patienceMs, () => {
        this.#waiters.delete(waiter);
        reject(new Error(`no ${type} came; recorded were\n${this.describe()}`));
      });
      const waiter: Waiter = {
        matches: isMatch,
        resolve: (event) => {
          callOff();
          resolve(event as EventOf<Type>);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  of<Type extends EventType>(type: Type): EventOf<Type>[] {
    return this.events.filter((event): event is EventOf<Type> => event.type === type);
  }

  count(type: EventType): number {
    return this.of(type).length;
  }

  /** Forgets what was recorded, so that the next wait is for something new. */
  clear(): void {
    this.events.length = 0;
  }

  /** The last events, one a line, for messages of tests that fail. */
  describe(): string {
    const shown = this.events.slice(-EVENTS_SHOWN_MAX);
    const left = this.events.length - shown.length;
    const lines = shown.map((event) => JSON.stringify(event, errorAsText));
    return [...(left > 0 ? [`... ${left} more`] : []), ...lines].join("\n");
  }
}

/** JSON shows nothing of an error. */
function errorAsText(_name: string, value: unknown): unknown {
  return value instanceof Error ? String(value) : value;
}
