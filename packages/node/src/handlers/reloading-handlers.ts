import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Clock, TaskHandlers, Timer } from "@horae/core";
import { toTaskHandlers } from "./handler-table.ts";
import { loadHandlers } from "./load-handlers.ts";

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;

export interface ReloadingHandlersOptions {
  /** An ES module whose default export maps task type to handler. */
  readonly file: string;
  readonly clock: Clock;
  readonly onReload: () => void;
  /** The file cannot be used as it is: the handlers that were there stay. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Handlers that follow their file: attempts that start after a change run the new ones. What the file
 * imports is not followed, because Node keeps a module for as long as the process lives.
 */
export class ReloadingHandlers implements TaskHandlers {
  readonly #options: ReloadingHandlersOptions;
  #current: TaskHandlers;
  #watcher: FSWatcher | null = null;
  #timer: Timer | null = null;
  #version = 0;
  #types: readonly string[];

  private constructor(options: ReloadingHandlersOptions, table: unknown) {
    this.#options = options;
    this.#current = toTaskHandlers(table, options.file);
    this.#types = Object.keys(table as object);
  }

  /** Throws `SETTINGS_INVALID` when the file cannot be used. */
  static async load(options: ReloadingHandlersOptions): Promise<ReloadingHandlers> {
    const handlers = new ReloadingHandlers(options, await loadHandlers(options.file));
    handlers.#watch();
    return handlers;
  }

  get types(): readonly string[] {
    return this.#types;
  }

  get(type: string): ReturnType<TaskHandlers["get"]> {
    return this.#current.get(type);
  }

  stop(): void {
    this.#watcher?.close();
    this.#timer?.cancel();
  }

  /** The folder, because editors replace files. */
  #watch(): void {
    const file = resolve(this.#options.file);
    this.#watcher = watch(dirname(file), (_event, name) => {
      if (name !== basename(file)) return;
      this.#timer?.cancel();
      this.#timer = this.#options.clock.setTimer(SETTLE_MS, () => void this.#reload());
    });
    // A folder that is removed is no reason to end.
    this.#watcher.on("error", () => undefined);
  }

  async #reload(): Promise<void> {
    const { file, onReload, onBroken } = this.#options;
    const version = ++this.#version;
    try {
      const table = await loadHandlers(file, version);
      const handlers = toTaskHandlers(table, file);
      if (version !== this.#version) return;
      this.#current = handlers;
      this.#types = Object.keys(table as object);
      onReload();
    } catch (error) {
      onBroken(error);
    }
  }
}
