import { url as inspectorUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import { systemClock } from "@horae/client/system-clock";
import type { HoraeEvent, TaskKey, Telemetry, Timer } from "@horae/core";
import { formatTaskKey, taskKeyToken } from "@horae/core";
import { LifeBoard } from "./life-board.ts";
import type { WatchdogOrders } from "./watchdog-worker.ts";

/** Looks per `blockedMs`. */
const LOOKS = 20;

/** The same file whether this one is a source or was built. */
const WORKER = new URL("../../dist/watchdog/watchdog-worker.js", import.meta.url);

export interface WatchdogOptions {
  /** So long may the event loop be blocked, milliseconds. */
  readonly blockedMs: number;
  /** Fields of the last line. */
  readonly base: Readonly<Record<string, unknown>>;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends the process with SIGKILL when its event loop is blocked for too long, after a last line on the
 * standard error stream that names the tasks that run: a handler in an endless loop would else hold
 * the process for ever, which neither runs tasks nor gives its partitions away. A debugger switches it
 * off. It goes by the process's own time, not by the clock of a test.
 */
export class Watchdog implements Telemetry {
  readonly #options: WatchdogOptions;
  readonly #tickMs: number;
  readonly #board = new LifeBoard();
  /** What takes a running attempt off the board. */
  readonly #running = new Map<string, () => void>();
  #worker: Worker | null = null;
  #timer: Timer | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#tickMs = options.blockedMs / LOOKS;
  }

  start(): void {
    if (inspectorUrl() !== undefined) return;
    const { blockedMs, base, onError } = this.#options;
    const orders: WatchdogOrders = {
      memory: this.#board.memory,
      tickMs: this.#tickMs,
      blockedMs,
      base,
    };
    this.#worker = new Worker(WORKER, { workerData: orders });
    this.#worker.on("error", onError);
    // The process may end while it watches.
    this.#worker.unref();
    this.#beat();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#worker?.terminate();
  }

  emit(event: HoraeEvent): void {
    if (event.type === "attemptStarted") {
      this.#running.set(attemptToken(event), this.#board.show(formatTaskKey(event.key)));
    } else if (event.type === "attemptEnded") {
      const attempt = attemptToken(event);
      this.#running.get(attempt)?.();
      this.#running.delete(attempt);
    }
  }

  #beat(): void {
    this.#board.beat();
    this.#timer = systemClock.setTimer(this.#tickMs, () => this.#beat());
  }
}

/** A zombie's attempt and its successor's may run in one process. */
function attemptToken({ epoch, key }: { epoch: number; key: TaskKey }): string {
  return `${epoch} ${taskKeyToken(key)}`;
}
