import {
  encodeScheduleRecord,
  encodeUtf8,
  hasCode,
  type LogRecord,
  partitionOf,
} from "@horae/core";
import type { PlannedAppend } from "./plan.ts";
import { HostClock } from "./sim-clock.ts";
import type { SimCluster } from "./sim-cluster.ts";
import { SIM_TYPE } from "./sim-handlers.ts";
import { SimLog } from "./sim-log.ts";
import { SimProcess } from "./sim-process.ts";

/** Appends what the plan says, as clients of any kind do. */
export class SimClients {
  readonly #cluster: SimCluster;
  readonly #log: SimLog;
  #calls = 0;
  /** Bad records that are on the log. */
  readonly poison: LogRecord[] = [];

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    const { world, log } = cluster;
    const clock = new HostClock(world, { offsetMs: 0, driftPpm: 0 });
    const host = { name: "client", clock, cuts: [] };
    this.#log = new SimLog({ cluster: log, host, process: new SimProcess(world, "client") });
  }

  schedule(appends: readonly PlannedAppend[]): void {
    for (const append of appends) {
      this.#cluster.world.after(append.atMs, () => {
        this.#append(append).catch((error: unknown) => this.#cluster.watch.fail(error));
      });
    }
  }

  async #append({ kind, key, data, options }: PlannedAppend): Promise<void> {
    const { plan, recorder, log } = this.#cluster;
    const home = partitionOf(key.orderingId, plan.partitions);
    const partition = kind === "misplaced" ? (home + 1) % plan.partitions : home;
    const dataJson = JSON.stringify(data);
    const whole = encodeScheduleRecord({ key, type: SIM_TYPE, dataJson, options });
    const value = kind === "poison" ? whole.subarray(0, whole.length - 3) : whole;
    const call = this.#calls++;
    const maxAttempts = options.maxAttempts ?? 5;
    const isTask = kind !== "poison";
    if (isTask)
      recorder.add({ line: "ask", call, key, maxAttempts, isMisplaced: partition !== home });
    const request = { partition, key: encodeUtf8(key.orderingId), value, headers: {} };
    const answer = await this.#log.append(request).then(
      ({ offset }) => {
        const record = log.at(partition).find(offset);
        // An election may have lost it before its client hears of it.
        if (!isTask && record !== undefined) this.poison.push(record);
        return "acked" as const;
      },
      (error: unknown) => (hasCode(error, "LOG_UNAVAILABLE") ? "refused" : ("unknown" as const)),
    );
    if (isTask) recorder.add({ line: "answer", call, answer });
  }
}
