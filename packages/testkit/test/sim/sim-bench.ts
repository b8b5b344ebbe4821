import { Exchanges, type Latency, type SimHost } from "../../src/sim/exchange.ts";
import { HostClock } from "../../src/sim/sim-clock.ts";
import { SimGroup } from "../../src/sim/sim-group.ts";
import { LogCluster, NO_LOG_HARM, SimLog } from "../../src/sim/sim-log.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { StoreCluster } from "../../src/sim/store-cluster.ts";
import { NO_STORE_HARM, type StoreHarm, StoreTraffic } from "../../src/sim/store-traffic.ts";
import { World } from "../../src/sim/world.ts";

const LATENCY: Latency = { typicalMs: 1, tailShare: 0.1, tailMs: 20, timeoutMs: 1_000 };

/** Simulated servers with one process that asks them, and time that goes on by itself. */
export class SimBench {
  readonly world = new World({ seed: 1 });
  readonly host: SimHost = {
    name: "a",
    clock: new HostClock(this.world, { offsetMs: 0, driftPpm: 0 }),
    cuts: [],
  };
  readonly process = new SimProcess(this.world, "a");
  readonly cluster: StoreCluster;
  readonly exchanges = new Exchanges(this.world, "store", LATENCY);
  readonly traffic: StoreTraffic;
  #isOver = false;

  constructor(options: { replicas?: number; harm?: Partial<StoreHarm> } = {}) {
    this.cluster = new StoreCluster(this.world, options.replicas ?? 3);
    this.traffic = new StoreTraffic({
      world: this.world,
      cluster: this.cluster,
      exchanges: this.exchanges,
      harm: { ...NO_STORE_HARM, ...options.harm },
      onHarm: () => undefined,
    });
  }

  logCluster(partitions: number): LogCluster {
    const { world } = this;
    return new LogCluster({
      world,
      partitions,
      exchanges: new Exchanges(world, "log", LATENCY),
      group: new SimGroup(world, { partitions, sessionMs: 6_000, rebalanceMaxMs: 1_000 }),
      harm: { ...NO_LOG_HARM, gap: 0.3 },
      onHarm: () => undefined,
    });
  }

  log(cluster: LogCluster, name = "a"): SimLog {
    const process = new SimProcess(this.world, name);
    return new SimLog({ cluster, host: this.host, process });
  }

  /** Lets events happen whenever there are some, until `stop`. */
  start(): void {
    const goOn = async (): Promise<void> => {
      while (!this.#isOver) {
        await this.world.run(Number.MAX_SAFE_INTEGER, () => this.#isOver);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    void goOn();
  }

  stop(): void {
    this.#isOver = true;
  }
}
