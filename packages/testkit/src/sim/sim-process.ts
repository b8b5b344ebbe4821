import type { World } from "./world.ts";

/**
 * A process as its ports see it. Killed, it makes no call any more, and no answer or timer reaches it:
 * `finally` blocks do not run then, exactly as with kill -9. Stopped (SIGSTOP), what would reach it
 * waits until it goes on.
 */
export class SimProcess {
  readonly name: string;
  readonly #world: World;
  #isOver = false;
  #isStopped = false;
  #waiting: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** kill -9. */
  kill(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    for (const heed of this.#onDeath) heed();
  }

  /** It has ended by itself: the same, for those who still wait for it. */
  onDeath(heed: () => void): void {
    this.#onDeath.push(heed);
  }

  stop(): void {
    this.#isStopped = true;
  }

  goOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    // One by one, each with all that it sets off, in the order of arrival.
    waiting.forEach((reach, index) => this.#world.after(index * 0.001, () => this.reach(reach)));
  }

  /** Something reaches the process: an answer, a timer, a view of the group. */
  reach(action: () => void): void {
    if (this.#isOver) return;
    if (this.#isStopped) this.#waiting.push(action);
    else action();
  }

  /** A call that leaves the process: its answer, or what went wrong, reaches it when `run` says. */
  call<T>(
    run: (settle: { resolve(value: T): void; reject(error: Error): void }) => void,
  ): Promise<T> {
    if (this.#isOver) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      run({
        resolve: (value) => this.reach(() => resolve(value)),
        reject: (error) => this.reach(() => reject(error)),
      });
    });
  }
}
