import {
  bucketOf,
  type Claim,
  compareTaskKeys,
  type HoraeEvent,
  isFinished,
  type Lease,
  type LogRecord,
  partitionOf,
  type PersistTasks,
  type TaskContext,
  type TaskKey,
  taskKeyToken,
} from "@horae/core";
import type { FinalTask, Violation } from "../checker/index.ts";
import { getOrMake } from "../get-or-make.ts";
import { CoverWatch } from "./cover-watch.ts";
import type { SimCluster } from "./sim-cluster.ts";
import type { SimProcess } from "./sim-process.ts";
import { DataWatch } from "./data-watch.ts";
import { excusedTasks } from "./log-losses.ts";
import { LogWatch } from "./log-watch.ts";
import { Meters } from "./meters.ts";
import { reachOf } from "./reach-events.ts";
import { Receipts } from "./receipts.ts";
import type { ReportViolation } from "./report-violation.ts";
import { short } from "./sim-recorder.ts";
import type { StoreWatcher, StoreWrite } from "./sim-store.ts";
import { UnappliedRecords } from "./unapplied-records.ts";

interface Grant {
  readonly owner: string;
  readonly epoch: number;
  readonly above: number;
  upTo: number;
}

/** What is wrong is collected up to here: one broken rule breaks others. */
const VIOLATIONS_MAX = 20;

/**
 * Sees everything that happens in a simulation, also inside the servers, and checks at once what the
 * design promises at every moment.
 */
export class Watch implements StoreWatcher {
  /** Tasks that retention has removed, as they were. */
  readonly deleted = new Map<string, FinalTask>();
  readonly violations: Violation[] = [];
  readonly meters: Meters;
  readonly unapplied: UnappliedRecords;
  readonly receipts: Receipts;
  readonly #cluster: SimCluster;
  readonly #grants = new Map<number, Grant[]>();
  /** Who used a write timestamp of a partition, for what. */
  readonly #timestamps = new Map<number, Map<number, string>>();
  readonly #starters = new Map<string, string>();
  readonly #data: DataWatch;
  readonly #cover: CoverWatch;
  readonly #log: LogWatch;
  /** Tasks that were started, with the node of the first start, for meters. */
  readonly #startNodes = new Map<string, string>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    this.meters = new Meters(cluster);
    this.unapplied = new UnappliedRecords(cluster.log);
    this.receipts = new Receipts(cluster.world);
    const report: ReportViolation = (...violation) => this.report(...violation);
    this.#cover = new CoverWatch(cluster, report);
    this.#data = new DataWatch(cluster, report);
    this.#log = new LogWatch(cluster, report);
    cluster.registers.onChange = (partition, before, after) =>
      this.#onLease(partition, before, after);
  }

  report(invariant: string, key: TaskKey | null, message: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    const text = key === null ? message : `${short(key)}: ${message}`;
    this.violations.push({ invariant, key, message: text });
    this.#cluster.world.note("world", () => `VIOLATION ${invariant} ${text}`);
  }

  /** Something threw that never should. */
  fail(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.report("unexpected error", null, text);
  }

  onEvent(process: SimProcess, event: HoraeEvent): void {
    if (event.type === "unexpectedError") this.fail(event.error);
    if (event.type === "partitionStopped") this.#log.onStopped(event);
    if (event.type === "taskForgotten") this.#onForgotten(event.key);
    if (event.type === "recordsReceived") this.receipts.onReceived(event.partition);
    for (const state of reachOf(event)) this.#cluster.reach.add(state);
  }

  /** Only a row whose record the log has lost may be found by the auditor alone. */
  #onForgotten(key: TaskKey): void {
    if (excusedTasks(this.#cluster).has(taskKeyToken(key))) {
      this.#cluster.reach.add("the auditor found the row of a record that the log has lost");
    } else this.report("L6", key, "the auditor had to load it");
  }

  /** Only what is finished may go. */
  #onDeletion({ partition, bucket }: StoreWrite): void {
    const { store } = this.#cluster;
    for (const { key, request, status } of store
      .partition(partition)
      .bucket(bucket!)
      .peek(store.all)) {
      if (request === null) continue;
      if (status === null || !isFinished(status)) {
        this.report("S1", key, "deleted by retention, and not finished");
      } else {
        const { status: end, attempts } = status;
        this.deleted.set(taskKeyToken(key), { key, status: end, attempts });
      }
    }
  }

  /** A write leaves a process: its timestamp must be granted to that owner, and used for nothing else. */
  onWrite(write: StoreWrite): void {
    this.meters.onWrite(write);
    if (write.operation === "deleteBucketTasks") this.#onDeletion(write);
    const { process, operation, partition, timestamp } = write;
    const used = getOrMake(this.#timestamps, partition, () => new Map<number, string>());
    const name = `${process.name} ${operation}`;
    const before = used.get(timestamp);
    if (before !== undefined && before !== name) {
      this.report("S8", null, `partition ${partition}: ${name} uses the timestamp of ${before}`);
    }
    used.set(timestamp, name);
    const grants = getOrMake(this.#grants, partition, () => []);
    // The last one first: nearly always it is that.
    const grant = grants.findLast(
      ({ owner, above, upTo }) =>
        above < timestamp && timestamp <= upTo && this.#isOwner(process, owner),
    );
    if (grant === undefined) {
      this.report(
        "S8",
        null,
        `partition ${partition}: ${name} uses a timestamp it was not granted`,
      );
    } else if (write.rows !== undefined) {
      const { rows, bucket } = write;
      this.#data.onPersist({ partition, bucket: bucket!, rows, epoch: grant.epoch });
    }
  }

  /** A handler is called. */
  onStart(start: { process: SimProcess; key: TaskKey; context: TaskContext; data: unknown }): void {
    const { process, key, context, data } = start;
    const { partition, epoch, attempt } = context;
    const { registers, plan } = this.#cluster;
    if (partition !== partitionOf(key.orderingId, plan.partitions)) {
      this.report("S3", key, `started in partition ${partition}`);
    }
    const row = registers.get(partition);
    if (
      row === null ||
      row.epoch !== epoch ||
      (row.owner !== null && !this.#isOwner(process, row.owner))
    ) {
      if (!this.#areClocksBroken()) {
        this.report("S9", key, `started under epoch ${epoch}, the lease has ${row?.epoch ?? 0}`);
      }
    }
    const starter = getOrMake(this.#starters, `${partition} ${epoch}`, () => process.name);
    if (starter !== process.name) {
      this.report("S9", key, `${starter} and ${process.name} start under epoch ${epoch}`);
    }
    if (!this.#isDurable(partition, { key, attempt })) {
      this.report("S15", key, `attempt ${attempt} is not durable`);
    }
    this.#data.onStart(key, { data, epoch });
    this.#noteStart(process, key, attempt);
  }

  onPersisted(partition: number, rows: PersistTasks["rows"]): void {
    this.#data.onPersisted(partition, rows);
    this.receipts.onPersisted(rows);
  }

  /** Do the summaries that any quorum shows cover what they must? */
  onSummary(partition: number, bucket: number): void {
    this.#cover.check(partition, bucket);
  }

  onLoad(process: SimProcess, by: 1 | -1): void {
    this.meters.onLoad(process.name, by);
  }

  onBeaten(process: SimProcess, partition: number): void {
    const owner = this.#cluster.registers.get(partition)?.owner;
    if (owner != null && !this.#isOwner(process, owner)) {
      this.#cluster.reach.add("a zombie's write beaten");
    }
  }

  /** Finally: every acked record that is bad is in the quarantine. */
  checkQuarantine(poison: readonly LogRecord[]): void {
    for (const { partition, offset } of poison) {
      if (this.#cluster.log.at(partition).hasLost) continue;
      if (this.#cluster.log.quarantine.has(`${partition}/${offset}`)) continue;
      this.report("S26", null, `record ${partition}/${offset} is not in the quarantine`);
    }
  }

  #noteStart(process: SimProcess, key: TaskKey, attempt: number): void {
    const { reach } = this.#cluster;
    const token = taskKeyToken(key);
    const first = this.#startNodes.get(token);
    if (first === undefined) this.#startNodes.set(token, process.name);
    else if (first !== process.name) reach.add("a task started on two processes");
    if (first === undefined && attempt > 1)
      reach.add("claimed by a process that died before the start");
  }

  #isDurable(partition: number, claim: Claim): boolean {
    const { store, plan } = this.#cluster;
    const at = store.partition(partition);
    const isOfTask = ({ key, attempt }: Claim): boolean =>
      attempt >= claim.attempt && compareTaskKeys(key, claim.key) === 0;
    return store.quorums.every((quorum) => {
      const isJournaled = at.journal.peek(quorum).some(({ claims }) => claims.some(isOfTask));
      if (isJournaled) return true;
      const bucket = at.bucket(bucketOf(claim.key, plan.bucketMs));
      return (bucket.peekOne(claim.key, quorum)?.status?.attempts ?? 0) >= claim.attempt;
    });
  }

  #onLease(partition: number, before: Lease | null, after: Lease): void {
    const { reach } = this.#cluster;
    const grants = getOrMake(this.#grants, partition, () => []);
    if (after.owner !== null && after.epoch !== before?.epoch) {
      const above = before?.tsUpper ?? 0;
      grants.push({ owner: after.owner, epoch: after.epoch, above, upTo: after.tsUpper });
      this.unapplied.onTakeOver(partition, after);
      this.#log.onTakeOver(partition);
      if (before !== null && before.owner !== null) reach.add("lease taken after silence");
      if (after.epoch !== (before?.epoch ?? 0) + 1) {
        this.report(
          "S8",
          null,
          `partition ${partition}: epoch ${after.epoch} after ${before?.epoch}`,
        );
      }
    } else {
      const grant = grants.at(-1);
      if (grant !== undefined) grant.upTo = after.tsUpper;
    }
    this.meters.onLease(partition, before, after);
    this.#cover.onCheckpoint(partition, before, after);
  }

  #isOwner(process: SimProcess, owner: string): boolean {
    return owner.startsWith(`${process.name}#`);
  }

  /** A machine suspended and its wall clock set back: neither of its clocks tells the truth. */
  #areClocksBroken(): boolean {
    const kinds = new Set(this.#cluster.plan.faults.map(({ kind }) => kind));
    return kinds.has("suspend") && kinds.has("stepClock");
  }
}
