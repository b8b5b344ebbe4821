import type { ScheduledTask, TaskInput } from "@horae/client";
import { Client, EMBEDDED_CLIENT_SETTINGS } from "@horae/client";
import type { Clock, Random } from "@horae/core";
import { parseTaskKey } from "@horae/core";
import type { Embedded } from "@horae/embedded";
import { openEmbedded } from "@horae/embedded";
import { appenderOf } from "../appender.ts";
import type { TaskView } from "../listing/task-view.ts";
import { findTask } from "../listing/task-view.ts";
import type { TaskAccess } from "./task-access.ts";

export interface DirectoryAccessOptions {
  readonly dir: string;
  readonly queue: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** The tasks of a directory that no other process has open. */
export class DirectoryAccess implements TaskAccess {
  readonly #opened: Embedded;
  readonly #client: Client;

  private constructor(opened: Embedded, client: Client) {
    this.#opened = opened;
    this.#client = client;
  }

  /** Throws `DIRECTORY_IN_USE`, `QUEUE_UNKNOWN`, `QUEUE_SETTINGS_MISMATCH` or `STORE_UNAVAILABLE`. */
  static async open(options: DirectoryAccessOptions): Promise<DirectoryAccess> {
    const { dir, queue, clock, random } = options;
    const opened = await openEmbedded({ dir, queue: { name: queue }, clock });
    const appender = appenderOf(opened.log);
    const client = new Client({ appender, clock, random, settings: EMBEDDED_CLIENT_SETTINGS });
    return new DirectoryAccess(opened, client);
  }

  schedule(task: TaskInput): Promise<ScheduledTask> {
    return this.#client.scheduleTask(task);
  }

  /** No node is at work, hence nothing runs. */
  get(key: string): Promise<TaskView | null> {
    const { store, queue } = this.#opened;
    return findTask({ store, queue, isRunning: () => false }, parseTaskKey(key));
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#opened.close();
  }
}
