import { lowerBoundKey, type TaskKey, type TaskRow, type TaskStore } from "@horae/core";
import { taskKey, taskRequest } from "../task-factory.ts";

/** Before every key. */
export const FIRST_KEY: TaskKey = lowerBoundKey(0);

const BUCKET = 5;

interface Place {
  readonly partition: number;
  readonly bucket: number;
}

/** The store of a suite; each test has a partition of its own. */
export class StoreBench {
  #store: TaskStore | null = null;
  #partition = -1;
  /** Where a test writes unless it says otherwise. */
  readonly bucket = BUCKET;

  use(store: TaskStore): void {
    this.#store = store;
  }

  nextTest(): void {
    this.#partition++;
  }

  get store(): TaskStore {
    return this.#store!;
  }

  get partition(): number {
    return this.#partition;
  }

  get at(): Place {
    return { partition: this.#partition, bucket: BUCKET };
  }

  /** Persists requests of the factory. */
  persist(
    timestamp: number,
    keys: readonly TaskKey[],
    { dataJson = "1", at = this.at }: { dataJson?: string; at?: Place } = {},
  ): Promise<void> {
    const rows = keys.map((key) => ({ key, request: taskRequest({ dataJson }) }));
    return this.store.persistTasks({ ...at, timestamp, rows });
  }

  /** The whole bucket. */
  load(at = this.at): Promise<readonly TaskRow[]> {
    return this.store.loadTasks({ ...at, from: FIRST_KEY, to: null, rowsMax: 10_000 });
  }

  async loadKeys(at = this.at): Promise<readonly TaskKey[]> {
    return (await this.load(at)).map(({ key }) => key);
  }

  /** Data and status of the factory's key. */
  async row(): Promise<[data: string | null, status: string | null] | null> {
    const [row] = await this.load();
    if (row === undefined) return null;
    return [row.request?.dataJson ?? null, row.status?.status ?? null];
  }
}

/** Keys of one instant. */
export function keysOf(ids: readonly (readonly [orderingId: string, uniquenessKey: string])[]) {
  return ids.map(([orderingId, uniquenessKey]) => taskKey({ orderingId, uniquenessKey }));
}
