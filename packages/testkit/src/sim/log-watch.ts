import type { HoraeEvent } from "@horae/core";
import { isLogOfCheckpoint } from "./log-losses.ts";
import type { ReportViolation } from "./report-violation.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** What owners make of a log that does not continue their checkpoint. */
export class LogWatch {
  readonly #cluster: SimCluster;
  readonly #report: ReportViolation;
  /** How often each partition's log had lost records when its owner took over. */
  readonly #losses = new Map<number, number>();

  constructor(cluster: SimCluster, report: ReportViolation) {
    this.#cluster = cluster;
    this.#report = report;
    cluster.log.onReader = (partition) => this.#onReader(partition);
  }

  onTakeOver(partition: number): void {
    this.#losses.set(partition, this.#cluster.log.at(partition).losses);
  }

  /** Only a log that has lost records may stop a partition. */
  onStopped({ partition, message }: Extract<HoraeEvent, { type: "partitionStopped" }>): void {
    const { plan, log, reach } = this.#cluster;
    const mustStop = plan.settings.onLogGap !== "continue-from-earliest";
    if (mustStop && log.at(partition).hasLost) reach.add("a partition stopped at a gap of its log");
    else this.#report("S1", null, `partition ${partition} stopped: ${message}`);
  }

  /** An owner receives over a gap by policy only, or when the gap came after its look at the log. */
  #onReader(partition: number): void {
    const { plan, log, reach } = this.#cluster;
    if (isLogOfCheckpoint(this.#cluster, partition)) return;
    if (plan.settings.onLogGap === "continue-from-earliest") {
      reach.add("went on from the earliest record of another log");
    } else if (log.at(partition).losses > this.#losses.get(partition)!) {
      reach.add("the log lost records between an owner's look and its first read");
    } else this.#report("S1", null, `partition ${partition} went on over a gap of its log`);
  }
}
