import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
// Not the whole client: its drivers are of no use here.
import { systemClock } from "@horae/client/system-clock";
import { LifeBoard } from "./life-board.ts";
import { SilenceMeter } from "./silence-meter.ts";

export interface WatchdogOrders {
  readonly memory: SharedArrayBuffer;
  /** How often to look, milliseconds. */
  readonly tickMs: number;
  readonly blockedMs: number;
  readonly base: Readonly<Record<string, unknown>>;
}

/** As pino has it. */
const FATAL = 60;

const orders = workerData as WatchdogOrders;
const board = new LifeBoard(orders.memory);
const meter = new SilenceMeter(orders.tickMs);
look();

function look(): void {
  const silentMs = meter.look(board.beats, systemClock.monotonicMs());
  if (silentMs >= orders.blockedMs) end(silentMs);
  systemClock.setTimer(orders.tickMs, look);
}

/** The main thread will never do it: it is blocked. */
function end(silentMs: number): void {
  const line = {
    level: FATAL,
    time: systemClock.nowMs(),
    ...orders.base,
    blockedMs: Math.round(silentMs),
    runningTasks: board.running,
    running: board.names(),
    msg: "the event loop is blocked: the process is ended",
  };
  writeSync(2, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, "SIGKILL");
}
