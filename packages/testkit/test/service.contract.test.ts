import { sleep } from "@horae/core";
import { FakeClock, type Service, testServiceContract } from "../src/index.ts";

const clock = new FakeClock();

/** The smallest thing that starts and stops, and takes its time. */
class Loop implements Service {
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  start(): Promise<void> {
    if (this.#stopping !== null) return Promise.reject(new Error("stopped"));
    this.#starting ??= sleep(clock, 10);
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= Promise.resolve(this.#starting).then(() => sleep(clock, 10));
    return this.#stopping;
  }
}

testServiceContract({
  name: "a loop",
  make: () => new Loop(),
  settle: async (promise) => {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await clock.advanceUntil(() => isSettled);
    return promise;
  },
});
