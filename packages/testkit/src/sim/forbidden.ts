/** What a simulation must not use: real time and real chance make a seed mean nothing. */
const NAMES = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] as const;

/**
 * Replaces real clocks, timers and random numbers by functions that throw, until the answer is called.
 * `new Date(ms)` stays, for it only formats.
 */
export function forbidRealTime(): () => void {
  const forbid = (name: string) => (): never => {
    throw new Error(`${name} in a simulation`);
  };
  const saved = new Map<object, Map<string, unknown>>();
  const replace = (owner: object, name: string, value: unknown): void => {
    const ofOwner = saved.get(owner) ?? new Map<string, unknown>();
    saved.set(owner, ofOwner);
    ofOwner.set(name, Reflect.get(owner, name));
    Reflect.set(owner, name, value);
  };
  for (const name of NAMES) replace(globalThis, name, forbid(name));
  replace(Math, "random", forbid("Math.random"));
  replace(Date, "now", forbid("Date.now"));
  replace(performance, "now", forbid("performance.now"));
  const RealDate = Date;
  const SimDate = new Proxy(RealDate, {
    construct: (target, args: ConstructorParameters<DateConstructor>) => {
      if ((args as unknown[]).length === 0) throw new Error("new Date() in a simulation");
      return new target(...args);
    },
  });
  replace(globalThis, "Date", SimDate);
  return () => {
    for (const [owner, ofOwner] of saved) {
      for (const [name, value] of ofOwner) Reflect.set(owner, name, value);
    }
  };
}
