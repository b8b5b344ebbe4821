import type { PlannedFault } from "./plan.ts";
import type { SimCluster } from "./sim-cluster.ts";
import type { SimNode } from "./sim-node.ts";

type Of<Kind extends PlannedFault["kind"]> = Extract<PlannedFault, { kind: Kind }>;

interface ArmedKill extends Of<"killAtCall"> {
  /** The process that it is meant for. */
  readonly name: string;
}

/** Does the faults of a plan, and undoes them. */
export class Nemesis {
  readonly #cluster: SimCluster;
  readonly #armed = new Set<ArmedKill>();
  /** What is broken now and heals later. */
  readonly #broken = new Set<{ readonly node: number | null; readonly heal: () => void }>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    const onCall: typeof cluster.storeExchanges.onCall = ({ process, operation, moment }) => {
      if (this.#armed.size === 0) return;
      for (const armed of this.#armed) {
        if (armed.name !== process.name || armed.operation !== operation) continue;
        if (armed.moment !== moment) continue;
        this.#armed.delete(armed);
        cluster.reach.add(`killed at ${operation}, ${moment}`);
        this.#node(armed.node).kill(armed.downMs);
      }
    };
    cluster.storeExchanges.onCall = onCall;
    cluster.logExchanges.onCall = onCall;
  }

  schedule(faults: readonly PlannedFault[]): void {
    for (const fault of faults) {
      this.#cluster.world.after(fault.atMs, () => {
        this.#cluster.harms++;
        this.#cluster.reach.add(`fault: ${fault.kind}`);
        this.#cluster.world.note("world", () => `FAULT ${JSON.stringify(fault)}`);
        this.#do(fault);
      });
    }
  }

  /** Everything is whole again; in liveness mode what concerns the core and the servers. */
  heal(): void {
    const { plan, traffic, log, nodes } = this.#cluster;
    this.#armed.clear();
    traffic.isHealed = true;
    log.isHealed = true;
    const isLasting = (node: number | null): boolean =>
      plan.mode === "liveness" && node !== null && !plan.core.includes(node);
    for (const broken of this.#broken) {
      if (isLasting(broken.node)) continue;
      this.#broken.delete(broken);
      broken.heal();
    }
    for (const node of nodes) {
      // A node whose clock stays wrong is refused its leases and holds its partitions up.
      node.setClockRight();
      if (isLasting(node.index)) continue;
      // A take-over compares the log with the checkpoint: a reader alone need not see what is lost.
      if (log.partitions.some(({ hasLost }) => hasLost)) node.restart(1_000);
      node.start();
    }
  }

  #do(fault: PlannedFault): void {
    switch (fault.kind) {
      case "kill":
        return this.#node(fault.node).kill(fault.downMs);
      case "killAtCall":
        return this.#arm(fault);
      case "restart":
        return this.#node(fault.node).restart(fault.downMs);
      case "stop":
      case "suspend":
        return this.#stop(fault);
      case "stepClock":
        return this.#stepClock(fault);
      case "cut":
        return this.#cut(fault);
      case "retention":
        return this.#retire(fault);
      default:
        return this.#harmServers(fault);
    }
  }

  #harmServers(
    fault: Exclude<
      PlannedFault,
      {
        kind:
          | "kill"
          | "killAtCall"
          | "restart"
          | "stop"
          | "suspend"
          | "stepClock"
          | "cut"
          | "retention";
      }
    >,
  ): void {
    const { store, storeExchanges, log } = this.#cluster;
    const down = (replicas: readonly number[]): void => {
      const up = replicas.filter((replica) => store.isUp(replica));
      for (const replica of up) store.takeDown(replica);
      this.#break(fault, null, () => up.forEach((replica) => store.bringUp(replica)));
    };
    const isLeast = store.upCount <= store.quorum;
    if (fault.kind === "replicaDown") {
      // More than one of three is not a fault that heals by itself, but `storeDown`.
      if (fault.replica < store.replicas && (!isLeast || store.replicas === 1))
        down([fault.replica]);
    } else if (fault.kind === "storeDown") down(store.all);
    else if (fault.kind === "storeSlow") {
      storeExchanges.slowMs += fault.byMs;
      this.#break(fault, null, () => {
        storeExchanges.slowMs -= fault.byMs;
      });
    } else if (fault.kind === "logDown") {
      log.isDown = true;
      log.group.noteReachability();
      this.#break(fault, null, () => {
        log.isDown = false;
        for (const partition of log.partitions) partition.wake();
      });
    } else {
      const partition = log.at(fault.partition);
      partition.isWithoutLeader = true;
      if (fault.kind === "uncleanElection") partition.loseLast(fault.records);
      this.#break(fault, null, () => {
        partition.isWithoutLeader = false;
        partition.wake();
      });
    }
  }

  #retire({ partition, keepsApplied }: Of<"retention">): void {
    const { registers, log, reach } = this.#cluster;
    // After a loss the offsets below are given out again: those records are not applied yet.
    if (log.at(partition).hasLost) return;
    const applied = registers.get(partition)?.checkpoint.appliedOffset ?? -1;
    log.at(partition).dropBelow(keepsApplied ? applied : applied + 1);
    reach.add(keepsApplied ? "the log begins at the applied record" : "the log begins above it");
  }

  #arm(fault: Of<"killAtCall">): void {
    const name = this.#node(fault.node).process?.name;
    if (name === undefined) return;
    this.#armed.add({ ...fault, name });
  }

  #stop(fault: Of<"stop"> | Of<"suspend">): void {
    const node = this.#node(fault.node);
    const { process } = node;
    if (process === null || process.isStopped) return;
    process.stop();
    if (fault.kind === "suspend") node.host.clock.suspend();
    this.#cluster.log.group.noteReachability();
    this.#break(fault, node, () => {
      node.host.clock.resume();
      process.goOn();
    });
  }

  #stepClock(fault: Of<"stepClock">): void {
    const node = this.#node(fault.node);
    const { clock } = node.host;
    const fromMs = clock.wallMs();
    clock.stepWall(fault.byMs);
    this.#cluster.watch.meters.onStep(fromMs, clock.wallMs());
    this.#cluster.recorder.fault("stepClock", node.names)();
  }

  #cut(fault: Of<"cut">): void {
    const node = this.#node(fault.node);
    const { cuts } = node.host;
    const ways = fault.way === "both" ? (["to", "from"] as const) : [fault.way];
    const made = ways.map((way) => ({ service: fault.service, way }));
    cuts.push(...made);
    this.#cluster.log.group.noteReachability();
    this.#break(fault, node, () => {
      for (const cut of made) cuts.splice(cuts.indexOf(cut), 1);
    });
  }

  /** Registers what was broken and heals it in time. */
  #break(
    fault: PlannedFault & { readonly forMs: number },
    node: SimNode | null,
    heal: () => void,
  ): void {
    const { recorder, world } = this.#cluster;
    const end = recorder.fault(fault.kind, node === null ? null : node.names);
    const broken = {
      node: node?.index ?? null,
      heal: () => {
        heal();
        end();
      },
    };
    // A replica that stays down for ever is no harm to a quorum: `heal` leaves it so.
    const isForGood = fault.forMs > 1e9 && fault.kind === "replicaDown";
    if (!isForGood) this.#broken.add(broken);
    world.after(fault.forMs, () => {
      if (this.#broken.delete(broken)) broken.heal();
    });
  }

  #node(index: number): SimNode {
    return this.#cluster.nodes[index % this.#cluster.nodes.length]!;
  }
}
