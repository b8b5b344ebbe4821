import type { SeededRandom } from "@horae/core";
import type { HostClock } from "./sim-clock.ts";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

export type Service = "store" | "log";

/** A host of the simulation, and which of its ways are cut. */
export interface SimHost {
  readonly name: string;
  readonly clock: HostClock;
  /** Requests to a service, or its answers, that never arrive. */
  readonly cuts: { readonly service: Service; readonly way: "to" | "from" }[];
}

/** Where a call of a process stands. */
export type CallMoment = "calling" | "sent" | "served";

/** Sees each call; it may kill the process that makes it. */
export type OnCall = (call: {
  readonly process: SimProcess;
  readonly operation: string;
  readonly moment: CallMoment;
}) => void;

/** How long requests take. */
export interface Latency {
  /** One way, milliseconds; drawn between half and one and a half of it. */
  readonly typicalMs: number;
  /** Share of messages that take up to `tailMs` longer. */
  readonly tailShare: number;
  readonly tailMs: number;
  /** After this time a caller gives an answer up. */
  readonly timeoutMs: number;
}

export interface Reply<T> {
  resolve(value: T): void;
  reject(error: Error): void;
  /** The answer is lost on its way. */
  drop(): void;
}

/** Who makes a call, and which. */
export interface Caller {
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly operation: string;
}

export interface Exchange<T> {
  readonly caller: Caller;
  /** Carried out at the service, when the request has arrived. */
  readonly serve: (reply: Reply<T>) => void;
  /** What a caller without answer is told. */
  readonly noAnswer: () => Error;
}

/** Requests of processes to one service and back: delays, cuts, lost answers, deaths in between. */
export class Exchanges {
  readonly #world: World;
  readonly #service: Service;
  readonly #random: SeededRandom;
  readonly #latency: Latency;
  /** Added to each way while the service is slow. */
  slowMs = 0;
  onCall: OnCall = () => undefined;

  constructor(world: World, service: Service, latency: Latency) {
    this.#world = world;
    this.#service = service;
    this.#random = world.stream();
    this.#latency = latency;
  }

  get timeoutMs(): number {
    return this.#latency.timeoutMs;
  }

  isCut(host: SimHost, way: "to" | "from"): boolean {
    return (
      host.cuts.length > 0 &&
      host.cuts.some((cut) => cut.service === this.#service && cut.way === way)
    );
  }

  /** One way. */
  delayMs(): number {
    const { typicalMs, tailShare, tailMs } = this.#latency;
    const draw = this.#random.next();
    const tail = draw < tailShare ? (draw / tailShare) * tailMs : 0;
    return typicalMs * (0.5 + this.#random.next()) + tail + this.slowMs;
  }

  run<T>(exchange: Exchange<T>): Promise<T> {
    const { serve, noAnswer } = exchange;
    const { host, process, operation } = exchange.caller;
    this.onCall({ process, operation, moment: "calling" });
    return process.call((settle) => {
      const giveUp = (): void => settle.reject(noAnswer());
      if (this.isCut(host, "to")) {
        this.#world.after(this.timeoutMs, giveUp);
        return;
      }
      const answer = (deliver: () => void): void => {
        this.onCall({ process, operation, moment: "served" });
        this.#world.after(this.delayMs(), () => {
          if (this.isCut(host, "from")) this.#world.after(this.timeoutMs, giveUp);
          else deliver();
        });
      };
      this.#world.after(this.delayMs(), () =>
        serve({
          resolve: (value) => answer(() => settle.resolve(value)),
          reject: (error) => answer(() => settle.reject(error)),
          drop: () => {
            this.onCall({ process, operation, moment: "served" });
            this.#world.after(this.timeoutMs, giveUp);
          },
        }),
      );
      this.onCall({ process, operation, moment: "sent" });
    });
  }
}
