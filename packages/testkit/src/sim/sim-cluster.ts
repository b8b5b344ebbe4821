import type { Plan } from "./plan.ts";
import { Exchanges } from "./exchange.ts";
import { HostClock } from "./sim-clock.ts";
import { SimGroup } from "./sim-group.ts";
import { LeaseRegisters } from "./sim-leases.ts";
import { LogCluster } from "./sim-log.ts";
import { SimNode } from "./sim-node.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimRecorder } from "./sim-recorder.ts";
import { StoreCluster } from "./store-cluster.ts";
import { StoreTraffic } from "./store-traffic.ts";
import { Reach } from "./reach.ts";
import { Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** A call that a drawn fault has met. */
export interface HarmedCall {
  readonly harm: string;
  readonly operation: string;
  readonly process: SimProcess;
}

/** Everything that a simulation consists of: servers, nodes, and those who watch them. */
export class SimCluster {
  readonly world: World;
  readonly plan: Plan;
  readonly reach = new Reach();
  readonly recorder: SimRecorder;
  readonly registers = new LeaseRegisters();
  readonly store: StoreCluster;
  readonly traffic: StoreTraffic;
  readonly storeExchanges: Exchanges;
  readonly logExchanges: Exchanges;
  readonly log: LogCluster;
  readonly watch: Watch;
  readonly nodes: readonly SimNode[];
  /** Faults that were done, those of the plan and those that were drawn. */
  harms = 0;

  constructor(world: World, plan: Plan) {
    this.world = world;
    this.plan = plan;
    this.recorder = new SimRecorder(world);
    this.storeExchanges = new Exchanges(world, "store", plan.storeLatency);
    this.logExchanges = new Exchanges(world, "log", plan.logLatency);
    this.store = new StoreCluster(world, plan.replicas);
    const onHarm = (harm: string, process: SimProcess, operation: string): void =>
      this.#onHarm(harm, process, operation);
    this.traffic = new StoreTraffic({
      world,
      cluster: this.store,
      exchanges: this.storeExchanges,
      harm: plan.storeHarm,
      onHarm,
    });
    this.registers.onTakeOver = () => this.traffic.noteTakeOver();
    const group = new SimGroup(world, plan);
    this.log = new LogCluster({
      world,
      partitions: plan.partitions,
      exchanges: this.logExchanges,
      group,
      harm: plan.logHarm,
      onHarm,
    });
    this.watch = new Watch(this);
    this.nodes = plan.clocks.slice(0, plan.nodes).map((clock, index) => {
      const host = { name: `n${index}`, clock: new HostClock(world, clock), cuts: [] };
      return new SimNode(this, host, index);
    });
  }

  #onHarm(harm: string, process: SimProcess, operation: string): void {
    this.harms++;
    this.recorder.fault(`${harm} ${operation}`, [process.name])();
    this.watch.meters.onHarm({ harm, operation, process });
  }
}
