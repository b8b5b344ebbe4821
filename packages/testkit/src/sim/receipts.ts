import { type PersistTasks, taskKeyToken } from "@horae/core";
import { getOrMake } from "../get-or-make.ts";
import type { World } from "./world.ts";

/** When owners were given records, and when they had persisted them: true time, milliseconds. */
export class Receipts {
  readonly #world: World;
  readonly #received = new Map<number, number[]>();
  /** By token, the first time. */
  readonly #persisted = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  onReceived(partition: number): void {
    getOrMake(this.#received, partition, () => []).push(this.#world.nowMs);
  }

  onPersisted(rows: PersistTasks["rows"]): void {
    for (const { key } of rows) {
      getOrMake(this.#persisted, taskKeyToken(key), () => this.#world.nowMs);
    }
  }

  /** When records of the partition came while those of the task were still to come. */
  before(partition: number, token: string): readonly number[] {
    const persistedMs = this.#persisted.get(token) ?? Infinity;
    return (this.#received.get(partition) ?? []).filter((ms) => ms <= persistedMs);
  }
}
