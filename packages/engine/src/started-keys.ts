import { compareTaskKeys, type TaskKey, taskKeyToken } from "@horae/core";

/**
 * Which tasks this owner has started and that are in memory no more. It is complete above its
 * floor: a key above the floor that is not here was not started by this owner, and, because the
 * floor begins at the highest key found at acquire, by no earlier one either. At or below the floor
 * the row must be read.
 */
export class StartedKeys {
  readonly #keysMax: number;
  /** Token to key and whether the task has finished, in order of leaving memory. */
  readonly #keys = new Map<string, { key: TaskKey; isFinished: boolean }>();
  #floor: TaskKey | null;

  constructor(keysMax: number, highestStartedKey: TaskKey | null) {
    this.#keysMax = keysMax;
    this.#floor = highestStartedKey;
  }

  /** A started task left memory. */
  add(key: TaskKey, isFinished: boolean): void {
    const token = taskKeyToken(key);
    this.#keys.delete(token);
    this.#keys.set(token, { key, isFinished });
    if (this.#keys.size <= this.#keysMax) return;
    const [oldest, entry] = this.#keys.entries().next().value!;
    this.#keys.delete(oldest);
    if (this.#floor === null || compareTaskKeys(entry.key, this.#floor) > 0)
      this.#floor = entry.key;
  }

  /** What is known about a key that is not in memory. */
  find(key: TaskKey): "finished" | "never-started" | "look" {
    const entry = this.#keys.get(taskKeyToken(key));
    if (entry !== undefined) return entry.isFinished ? "finished" : "look";
    const isAbove = this.#floor === null || compareTaskKeys(key, this.#floor) > 0;
    return isAbove ? "never-started" : "look";
  }
}
