/** What a simulation must not use: real time and real chance make a seed mean nothing. */
const TIMERS = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] as const;

/** Does the work of a simulation; real time and chance are back when it is done. */
export async function withoutRealTime<T>(work: () => Promise<T>): Promise<T> {
  const allow = forbidRealTime();
  try {
    return await work();
  } finally {
    allow();
  }
}

/**
 * Replaces real clocks, timers and random numbers by functions that throw, until the answer is called.
 * `new Date(ms)` stays, for it only formats; so does `setImmediate`, which moves the simulation.
 */
function forbidRealTime(): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, value: unknown): void => {
    const before = Reflect.get(owner, name) as unknown;
    Reflect.set(owner, name, value);
    undo.push(() => Reflect.set(owner, name, before));
  };
  const forbid = (owner: object, name: string): void =>
    replace(owner, name, () => {
      throw new Error(`${name} in a simulation`);
    });
  for (const name of TIMERS) forbid(globalThis, name);
  forbid(Math, "random");
  forbid(Date, "now");
  forbid(performance, "now");
  forbid(process, "hrtime");
  forbid(globalThis.crypto, "randomUUID");
  forbid(globalThis.crypto, "getRandomValues");
  replace(
    globalThis,
    "Date",
    new Proxy(Date, {
      construct: (target, args: ConstructorParameters<DateConstructor>) => {
        if ((args as unknown[]).length === 0) throw new Error("new Date() in a simulation");
        return new target(...args);
      },
    }),
  );
  return () => {
    for (const restore of undo.toReversed()) restore();
  };
}
