import {
  type AppendAck,
  type AppendRequest,
  fingerprintOf,
  type GroupMembership,
  type GroupView,
  HoraeError,
  type Log,
  type LogBounds,
  type LogReader,
  type LogRecord,
  type QuarantineEntry,
  type SeededRandom,
} from "@horae/core";
import { drawHarm } from "./draw-harm.ts";
import type { Caller, Exchanges, SimHost } from "./exchange.ts";
import { LogPartition } from "./log-partition.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import type { SimGroup } from "./sim-group.ts";
import { SimLogReader } from "./sim-log-reader.ts";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

/** How often which harm comes to a request for the log; each 0 to 1. */
export interface LogHarm {
  readonly unavailable: number;
  readonly answerLost: number;
  readonly requestLost: number;
  /** Appended up to `lateMaxMs` after the caller gave up. */
  readonly late: number;
  readonly lateMaxMs: number;
  /** Appended twice. */
  readonly duplicate: number;
  /** Offsets left out before a record. */
  readonly gap: number;
}

export const NO_LOG_HARM: LogHarm = {
  unavailable: 0,
  answerLost: 0,
  requestLost: 0,
  late: 0,
  lateMaxMs: 0,
  duplicate: 0,
  gap: 0,
};

const HARMS = ["unavailable", "answerLost", "requestLost", "late"] as const;

export interface LogClusterOptions {
  readonly world: World;
  readonly partitions: number;
  readonly exchanges: Exchanges;
  readonly group: SimGroup;
  readonly harm: LogHarm;
  readonly onHarm: (harm: string, process: SimProcess, operation: string) => void;
}

/** The brokers: records per partition, the group, the quarantine. */
export class LogCluster {
  readonly world: World;
  readonly partitions: readonly LogPartition[];
  readonly exchanges: Exchanges;
  readonly group: SimGroup;
  readonly quarantine = new Map<string, QuarantineEntry>();
  readonly #options: LogClusterOptions;
  readonly #random: SeededRandom;
  /** All brokers stand still. */
  isDown = false;
  isHealed = false;
  /** Somebody begins to read a partition. */
  onReader: (partition: number) => void = () => undefined;

  constructor(options: LogClusterOptions) {
    this.#options = options;
    this.world = options.world;
    this.exchanges = options.exchanges;
    this.group = options.group;
    this.#random = options.world.stream();
    this.partitions = Array.from({ length: options.partitions }, () => new LogPartition());
  }

  get harm(): LogHarm {
    return this.isHealed ? NO_LOG_HARM : this.#options.harm;
  }

  at(partition: number): LogPartition {
    const found = this.partitions[partition];
    if (found === undefined) throw new HoraeError("LOG_UNAVAILABLE", `no partition ${partition}`);
    return found;
  }

  isAway(partition: number): boolean {
    return this.isDown || this.at(partition).isWithoutLeader;
  }

  append(request: Omit<LogRecord, "offset" | "timestampMs">): number {
    const gap = this.#random.next() < this.harm.gap ? 1 + Math.floor(this.#random.next() * 3) : 0;
    const timestampMs = Math.floor(EPOCH_MS + this.world.nowMs);
    return this.at(request.partition).append({ ...request, timestampMs }, gap);
  }

  draw(): number {
    return this.#random.next();
  }

  /** What comes to a request of the process. */
  drawHarm(process: SimProcess, operation: string): (typeof HARMS)[number] | null {
    const harm = drawHarm(this.#random, HARMS, this.harm);
    if (harm !== null) this.#options.onHarm(harm, process, operation);
    return harm;
  }
}

/** The log as one process sees it. */
export class SimLog implements Log {
  readonly #cluster: LogCluster;
  readonly #host: SimHost;
  readonly #process: SimProcess;

  constructor(options: { cluster: LogCluster; host: SimHost; process: SimProcess }) {
    this.#cluster = options.cluster;
    this.#host = options.host;
    this.#process = options.process;
  }

  async partitionCount(): Promise<number> {
    return this.#cluster.partitions.length;
  }

  append(request: AppendRequest): Promise<AppendAck> {
    const cluster = this.#cluster;
    const { partition, key, value, headers } = request;
    const write = (): number => cluster.append({ partition, key, value, headers });
    return cluster.exchanges.run<AppendAck>({
      caller: this.#from("append"),
      noAnswer: () => new HoraeError("APPEND_UNKNOWN", "append: no answer", { certain: false }),
      serve: (reply) => {
        const harm = cluster.drawHarm(this.#process, "append");
        if (cluster.isAway(partition) || harm === "unavailable") reply.reject(away("append"));
        else if (harm === "requestLost") reply.drop();
        else if (harm === "late") {
          cluster.world.after(cluster.draw() * cluster.harm.lateMaxMs, write);
          reply.drop();
        } else {
          const offset = write();
          if (cluster.draw() < cluster.harm.duplicate) write();
          if (harm === "answerLost") reply.drop();
          else reply.resolve({ partition, offset });
        }
      },
    });
  }

  async join(onView: (view: GroupView) => void): Promise<GroupMembership> {
    const { group, exchanges } = this.#cluster;
    const isReachable = (): boolean =>
      !this.#cluster.isDown &&
      !exchanges.isCut(this.#host, "to") &&
      !exchanges.isCut(this.#host, "from");
    const member = group.join(this.#process, isReachable, onView);
    return { leave: async () => member.leave() };
  }

  bounds(partition: number): Promise<LogBounds> {
    return this.#ask("bounds", partition, (at) => ({
      startOffset: at.startOffset,
      endOffset: at.endOffset,
    }));
  }

  fingerprint(position: { partition: number; offset: number }): Promise<string | null> {
    return this.#ask("fingerprint", position.partition, (at) => {
      const record = at.find(position.offset);
      return record === undefined ? null : fingerprintOf(record);
    });
  }

  openReader(position: { partition: number; fromOffset: number }): LogReader {
    this.#cluster.onReader(position.partition);
    return new SimLogReader({
      cluster: this.#cluster,
      host: this.#host,
      process: this.#process,
      ...position,
    });
  }

  markApplied({ partition }: { partition: number; offset: number }): Promise<void> {
    return this.#ask("markApplied", partition, () => undefined);
  }

  quarantine(entry: QuarantineEntry): Promise<void> {
    const { partition, offset } = entry.record;
    return this.#ask("quarantine", partition, () => {
      this.#cluster.quarantine.set(`${partition}/${offset}`, entry);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #from(operation: string): Caller {
    return { host: this.#host, process: this.#process, operation };
  }

  #ask<T>(operation: string, partition: number, compute: (at: LogPartition) => T): Promise<T> {
    const cluster = this.#cluster;
    return cluster.exchanges.run<T>({
      caller: this.#from(operation),
      noAnswer: () => away(operation),
      serve: (reply) => {
        const harm = cluster.drawHarm(this.#process, operation);
        if (cluster.isAway(partition) || harm === "unavailable") reply.reject(away(operation));
        else if (harm === "requestLost") reply.drop();
        else {
          const result = compute(cluster.at(partition));
          if (harm === null) reply.resolve(result);
          else reply.drop();
        }
      },
    });
  }
}

export function away(operation: string): HoraeError {
  return new HoraeError("LOG_UNAVAILABLE", `${operation}: no answer`, { retryable: true });
}
