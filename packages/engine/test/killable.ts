import type { Clock } from "@horae/core";

/**
 * What a process is to its ports: once it is killed, no call of it is made any more, and no answer
 * or timer reaches it. `finally` blocks do not run then, exactly as with kill -9.
 */
export class Life {
  isOver = false;
  readonly #memberships: { leave(): Promise<void> }[] = [];

  /** The process is gone; the group notices it at once (a session time-out is not modelled). */
  kill(): void {
    this.isOver = true;
    for (const membership of this.#memberships) void membership.leave();
  }

  /** A port whose calls go through while this life lasts. */
  port<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => this.#call(target, member as Method, args);
      },
    });
  }

  clock(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (delayMs, fire) => {
        if (this.isOver) return { cancel: () => undefined };
        return clock.setTimer(delayMs, () => {
          if (!this.isOver) fire();
        });
      },
    };
  }

  #call(target: object, member: Method, args: unknown[]): unknown {
    if (this.isOver) return never();
    const result = member.apply(
      target,
      args.map((arg) => this.#callback(arg)),
    );
    if (result instanceof Promise) return this.#answer(result);
    return typeof result === "object" && result !== null ? this.port(result) : result;
  }

  #callback(arg: unknown): unknown {
    if (typeof arg !== "function") return arg;
    return (...args: unknown[]): unknown => (this.isOver ? undefined : (arg as Method)(...args));
  }

  #answer(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => {
          if (this.isOver) return;
          if (isMembership(value)) this.#memberships.push(value);
          resolve(isMembership(value) ? this.port(value) : value);
        },
        (error: unknown) => {
          if (!this.isOver) reject(error);
        },
      );
    });
  }
}

type Method = (...args: unknown[]) => unknown;

function isMembership(value: unknown): value is { leave(): Promise<void> } {
  return typeof value === "object" && value !== null && "leave" in value;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
