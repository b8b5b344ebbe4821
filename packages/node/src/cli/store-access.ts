import type { ClientSettings, ScheduledTask, ScheduleOutcome, TaskInput } from "@horae/client";
import { Client } from "@horae/client";
import type { Clock, Log, Quarantine, Random, TaskStore } from "@horae/core";
import { parseTaskKey } from "@horae/core";
import { appenderOf } from "../appender.ts";
import type { ListQueryTexts, StaleQueryTexts } from "../listing/list-query.ts";
import { parseListQuery, parseStaleQuery } from "../listing/list-query.ts";
import type { ListSource, TaskPage } from "../listing/list-tasks.ts";
import { listStale, listTasks } from "../listing/list-tasks.ts";
import type { TaskView } from "../listing/task-view.ts";
import { findTask } from "../listing/task-view.ts";
import type { QuarantinePage } from "../quarantine-view.ts";
import { parsePosition, positionText, quarantinePage } from "../quarantine-view.ts";
import type { QuarantineQuery, Replayed, TaskAccess } from "./task-access.ts";

export interface StoreAccessOptions {
  readonly log: Log;
  readonly store: TaskStore;
  readonly quarantine: Quarantine;
  readonly queue: { readonly partitions: number; readonly bucketMs: number };
  readonly clientSettings: Partial<ClientSettings>;
  readonly close: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
}

/** The tasks of a log and a store that this process has opened itself. */
export class StoreAccess implements TaskAccess {
  readonly #options: StoreAccessOptions;
  readonly #client: Client;

  constructor(options: StoreAccessOptions) {
    const { log, clock, random, clientSettings: settings } = options;
    this.#options = options;
    this.#client = new Client({ appender: appenderOf(log), clock, random, settings });
  }

  schedule(task: TaskInput): Promise<ScheduledTask> {
    return this.#client.scheduleTask(task);
  }

  scheduleMany(tasks: readonly TaskInput[]): Promise<readonly ScheduleOutcome[]> {
    return this.#client.scheduleTasks(tasks);
  }

  get(key: string): Promise<TaskView | null> {
    return findTask(this.#source, parseTaskKey(key));
  }

  list(query: ListQueryTexts): Promise<TaskPage> {
    return listTasks(this.#source, parseListQuery(query, this.#options.clock.nowMs()));
  }

  stale(query: StaleQueryTexts): Promise<TaskPage> {
    return listStale(this.#source, parseStaleQuery(query, this.#options.clock.nowMs()));
  }

  quarantined({ reason, position, limit }: QuarantineQuery): Promise<QuarantinePage> {
    const found = position === undefined ? null : parsePosition(position);
    const filter = {
      ...(reason !== undefined && { reason }),
      ...(found !== null && { positions: [found] }),
    };
    return quarantinePage(this.#options.quarantine, filter, limit);
  }

  async replay(filter: { readonly reason?: string }): Promise<Replayed> {
    const { replayed, cut } = await this.#options.quarantine.replay(filter);
    return { replayed, cut: cut.map(positionText) };
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#options.close();
  }

  /** What runs is known to the nodes only. */
  get #source(): ListSource {
    const { store, queue } = this.#options;
    return { store, queue, isRunning: () => false };
  }
}
