import type { HoraeEvent, Telemetry } from "@horae/core";

type EventType = HoraeEvent["type"];
type EventOf<Type extends EventType> = Extract<HoraeEvent, { type: Type }>;

interface Waiter {
  readonly matches: (event: HoraeEvent) => boolean;
  readonly resolve: (event: HoraeEvent) => void;
}

/** Records what happens, so that tests wait for events and never for time. */
export class EventRecorder implements Telemetry {
  readonly events: HoraeEvent[] = [];
  readonly #waiters = new Set<Waiter>();

  emit(event: HoraeEvent): void {
    this.events.push(event);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(event);
    }
  }

  /** Resolves with the first event of the type that matches, from those recorded so far on. */
  next<Type extends EventType>(
    type: Type,
    matches: (event: EventOf<Type>) => boolean = () => true,
  ): Promise<EventOf<Type>> {
    const isMatch = (event: HoraeEvent): boolean =>
      event.type === type && matches(event as EventOf<Type>);
    const found = this.events.find(isMatch);
    if (found !== undefined) return Promise.resolve(found as EventOf<Type>);
    return new Promise((resolve) => {
      this.#waiters.add({ matches: isMatch, resolve: (event) => resolve(event as EventOf<Type>) });
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
}
