import { HoraeError, type SeededRandom } from "@horae/core";
import { drawHarm } from "./draw-harm.ts";
import type { Caller, Exchanges, Reply } from "./exchange.ts";
import type { SimProcess } from "./sim-process.ts";
import type { StoreCluster } from "./store-cluster.ts";
import type { World } from "./world.ts";

/** How often which harm comes to a request for the store; each 0 to 1. */
export interface StoreHarm {
  /** Refused, certainly not executed. */
  readonly unavailable: number;
  /** Executed, and the answer lost. */
  readonly answerLost: number;
  /** Not executed, and no answer. */
  readonly requestLost: number;
  /** Executed on too few replicas, or for some of the rows only, and no answer. */
  readonly partial: number;
  /** No answer; executed up to `lateMaxMs` later. */
  readonly late: number;
  readonly lateMaxMs: number;
  /** Share of the late ones among single operations, where it is not `late`. */
  readonly lateOf?: Readonly<Record<string, number>>;
  /** A late one waits for the next take-over of a partition, and is executed while its owner begins. */
  readonly isLateToHeir?: boolean;
  /** One replica gets an acknowledged write later. */
  readonly lag: number;
  /** A read or a write of several rows happens in two parts. */
  readonly parts: number;
}

export const NO_STORE_HARM: StoreHarm = {
  unavailable: 0,
  answerLost: 0,
  requestLost: 0,
  partial: 0,
  late: 0,
  lateMaxMs: 0,
  lag: 0,
  parts: 0,
};

/** What waits for a take-over is executed within so many milliseconds of it. */
const HEIR_BEGINS_MS = 2_000;

const HARMS = ["unavailable", "answerLost", "requestLost", "partial", "late"] as const;

export type Harm = (typeof HARMS)[number];

/** A write of some rows: each is executed on a replica on its own. */
export interface ReplicatedWrite {
  readonly rows: number;
  readonly apply: (replica: number, row: number) => void;
  /** Called when the write is about to be acknowledged. */
  readonly onAcked?: () => void;
}

export interface StoreTrafficOptions {
  readonly world: World;
  readonly cluster: StoreCluster;
  readonly exchanges: Exchanges;
  readonly harm: StoreHarm;
  /** Hears of every harm that is done. */
  readonly onHarm: (harm: Harm, process: SimProcess, operation: string) => void;
}

/** Requests of all processes for the store, and what goes wrong with them. */
export class StoreTraffic {
  readonly world: World;
  readonly cluster: StoreCluster;
  readonly #options: StoreTrafficOptions;
  readonly #random: SeededRandom;
  /** Late writes that wait for a take-over. */
  readonly #held = new Set<() => void>();
  /** No harm from here on but what is broken for longer: the drain. */
  isHealed = false;

  constructor(options: StoreTrafficOptions) {
    this.#options = options;
    this.world = options.world;
    this.cluster = options.cluster;
    this.#random = options.world.stream();
  }

  get harm(): StoreHarm {
    return this.isHealed ? NO_STORE_HARM : this.#options.harm;
  }

  /** A quorum write. */
  write(from: Caller, write: ReplicatedWrite): Promise<void> {
    return this.exchange<void>(from, (reply) => {
      const harm = this.drawHarm(from);
      if (harm === "unavailable") reply.reject(unavailable(from.operation));
      else if (harm === "requestLost") reply.drop();
      else if (harm === "partial") {
        this.#executePartly(write);
        reply.drop();
      } else if (harm === "late") {
        this.#executeLate(() => this.#execute(write));
        reply.drop();
      } else this.#executeAndAnswer(write, harm, reply);
    });
  }

  /** A read at one moment of the replicas of one quorum. */
  read<T>(from: Caller, compute: (replicas: readonly number[]) => T): Promise<T> {
    return this.exchange<T>(from, (reply) => {
      const harm = this.drawHarm(from);
      if (harm === null) reply.resolve(compute(this.cluster.drawQuorum()));
      else reply.reject(unavailable(from.operation));
    });
  }

  /** A request that finds no quorum is refused; so is what a fault draws. */
  exchange<T>(from: Caller, serve: (reply: Reply<T>) => void): Promise<T> {
    return this.#options.exchanges.run<T>({
      caller: from,
      serve: (reply) => {
        if (this.cluster.hasQuorum) serve(reply);
        else reply.reject(unavailable(from.operation));
      },
      noAnswer: () => unknownOutcome(from.operation),
    });
  }

  drawHarm({ process, operation }: Caller): Harm | null {
    const shares = this.harm;
    const late = shares.lateOf?.[operation];
    const harm = drawHarm(this.#random, HARMS, late === undefined ? shares : { ...shares, late });
    if (harm !== null) this.#options.onHarm(harm, process, operation);
    return harm;
  }

  isInParts(): boolean {
    return this.#random.next() < this.harm.parts;
  }

  draw(): number {
    return this.#random.next();
  }

  delayMs(): number {
    return this.#options.exchanges.delayMs();
  }

  /** A partition has a new owner. */
  noteTakeOver(): void {
    for (const execute of this.#held) {
      this.world.after(this.#random.next() * HEIR_BEGINS_MS, execute);
    }
    this.#held.clear();
  }

  #executeLate(execute: () => void): void {
    const { lateMaxMs, isLateToHeir } = this.harm;
    if (isLateToHeir !== true) {
      this.world.after(this.#random.next() * lateMaxMs, execute);
      return;
    }
    this.#held.add(execute);
    this.world.after(lateMaxMs, () => {
      if (this.#held.delete(execute)) execute();
    });
  }

  #executeAndAnswer(write: ReplicatedWrite, harm: Harm | null, reply: Reply<void>): void {
    const answer = (): void => {
      write.onAcked?.();
      if (harm === "answerLost") reply.drop();
      else reply.resolve();
    };
    if (write.rows > 1 && this.isInParts()) {
      const half = Math.floor(write.rows / 2);
      this.#execute(write, 0, half);
      this.world.after(this.delayMs(), () => {
        this.#execute(write, half, write.rows);
        // Hints alone are no acknowledgement.
        if (this.cluster.hasQuorum) answer();
        else reply.drop();
      });
      return;
    }
    this.#execute(write);
    answer();
  }

  /** On every replica that is up; one of three may get it later. */
  #execute(write: ReplicatedWrite, fromRow = 0, toRow = write.rows): void {
    const { cluster } = this;
    const isLagging =
      cluster.replicas > 1 &&
      cluster.upCount === cluster.replicas &&
      this.#random.next() < this.harm.lag;
    const laggard = isLagging ? Math.floor(this.#random.next() * cluster.replicas) : -1;
    for (const replica of cluster.all) {
      const apply = (): void => {
        for (let row = fromRow; row < toRow; row++) write.apply(replica, row);
      };
      if (replica !== laggard) cluster.deliver(replica, apply);
      else this.world.after(this.#random.next() * this.harm.lateMaxMs, apply);
    }
  }

  /** One replica only, or some of the rows only. */
  #executePartly(write: ReplicatedWrite): void {
    const { cluster } = this;
    const replica = Math.floor(this.#random.next() * cluster.replicas);
    const isOfRows = write.rows > 1 && this.#random.next() < 0.5;
    for (let row = 0; row < write.rows; row++) {
      if (isOfRows && this.#random.next() < 0.5) continue;
      for (const each of isOfRows ? cluster.all : [replica]) {
        cluster.deliver(each, () => write.apply(each, row));
      }
    }
  }
}

export function unavailable(operation: string): HoraeError {
  return new HoraeError("STORE_UNAVAILABLE", `${operation}: refused`, { retryable: true });
}

export function unknownOutcome(operation: string): HoraeError {
  return new HoraeError("STORE_UNKNOWN", `${operation}: no answer`, { certain: false });
}
