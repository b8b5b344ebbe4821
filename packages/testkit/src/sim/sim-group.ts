import { assignPartitions, assignWatchers, type GroupView, type SeededRandom } from "@horae/core";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

interface Member {
  readonly name: string;
  readonly process: SimProcess;
  readonly onView: (view: GroupView) => void;
  readonly isReachable: () => boolean;
  held: number[];
  watched: number[];
  /** Expelled by the coordinator, and does not know it yet. */
  isOut: boolean;
  hasNoticedLoss: boolean;
}

export interface SimGroupOptions {
  readonly partitions: number;
  readonly sessionMs: number;
  /** Time between the begin of a rebalance and its end, drawn up to this. */
  readonly rebalanceMaxMs: number;
}

/**
 * The group coordinator of the log: eager rebalances, members that are silent for longer than the
 * session time-out and are put out while they may still run, views that arrive late.
 */
export class SimGroup {
  readonly #world: World;
  readonly #options: SimGroupOptions;
  readonly #random: SeededRandom;
  readonly #members = new Map<string, Member>();
  #joins = 0;
  #generation = 0;

  constructor(world: World, options: SimGroupOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = world.stream();
  }

  /** `isReachable`: does a heartbeat of the process reach the coordinator now? */
  join(
    process: SimProcess,
    isReachable: () => boolean,
    onView: (view: GroupView) => void,
  ): { leave: () => void } {
    const member: Member = {
      name: `${process.name}-${this.#joins++}`,
      process,
      onView,
      isReachable: () => !process.isOver && !process.isStopped && isReachable(),
      held: [],
      watched: [],
      isOut: false,
      hasNoticedLoss: false,
    };
    if (member.isReachable()) this.#enter(member);
    else this.#awaitReturn(member);
    return {
      leave: () => {
        member.isOut = true;
        if (this.#members.delete(member.name)) this.#rebalance();
      },
    };
  }

  /** Something has changed about who can be reached: silence is noticed after the session time-out. */
  noteReachability(): void {
    for (const member of this.#members.values()) {
      if (!member.isReachable()) this.#watchSilence(member);
    }
  }

  /** What is assigned to a process. */
  heldBy(process: SimProcess): readonly number[] {
    return [...this.#members.values()]
      .filter((member) => member.process === process)
      .flatMap(({ held }) => held);
  }

  #enter(member: Member): void {
    this.#members.set(member.name, member);
    this.#rebalance();
  }

  #watchSilence(member: Member): void {
    const sinceMs = this.#world.nowMs;
    let wasSilent = true;
    const check = (): void => {
      if (member.isReachable()) wasSilent = false;
      if (!wasSilent || !this.#members.has(member.name)) return;
      if (this.#world.nowMs - sinceMs < this.#options.sessionMs) {
        this.#world.after(this.#options.sessionMs / 4, check);
      } else this.#expel(member);
    };
    check();
    // Its own client notices the silence too, if it runs.
    this.#world.after(this.#options.sessionMs, () => {
      if (!wasSilent || member.isReachable() || member.hasNoticedLoss) return;
      member.hasNoticedLoss = true;
      this.#tell(member, viewOf(member, "lost"), false);
      this.#awaitReturn(member);
    });
  }

  #expel(member: Member): void {
    this.#members.delete(member.name);
    this.#rebalance();
    this.#awaitReturn(member);
  }

  /** A member that was put out, or has lost the group, joins again once it can be reached. */
  #awaitReturn(member: Member): void {
    const isBack = (): boolean => this.#members.has(member.name) && !member.hasNoticedLoss;
    const look = (): void => {
      if (member.process.isOver || member.isOut || isBack()) return;
      if (!member.isReachable()) {
        this.#world.after(this.#options.sessionMs / 4, look);
        return;
      }
      member.hasNoticedLoss = false;
      this.#enter(member);
    };
    this.#world.after(this.#options.sessionMs / 4, look);
  }

  #rebalance(): void {
    const generation = ++this.#generation;
    for (const member of this.#members.values()) {
      this.#tell(member, viewOf(member, "joining"), true);
    }
    this.#world.after(this.#random.next() * this.#options.rebalanceMaxMs, () => {
      if (generation === this.#generation) this.#settle();
    });
  }

  #settle(): void {
    const assigned = assignPartitions(this.#options.partitions, [...this.#members.values()]);
    const watched = assignWatchers(this.#options.partitions, assigned);
    for (const member of this.#members.values()) {
      member.held = assigned.get(member.name) ?? [];
      member.watched = watched.get(member.name) ?? [];
      this.#tell(member, viewOf(member, "settled"), true);
    }
  }

  /** Views arrive in order, each after some time; what comes from the coordinator waits until it can. */
  #tell(member: Member, view: GroupView, isFromCoordinator: boolean): void {
    const generation = this.#generation;
    const deliver = (): void => {
      if (isFromCoordinator && generation !== this.#generation) return;
      if (isFromCoordinator && !member.isReachable() && !member.process.isStopped) {
        // Its next heartbeat that arrives will bring the view.
        if (!this.#members.has(member.name) || member.process.isOver) return;
        this.#world.after(this.#options.sessionMs / 4, deliver);
        return;
      }
      if (view.state === "lost" && !member.hasNoticedLoss) return;
      if (member.isOut) return;
      member.process.reach(() => member.onView(view));
    };
    this.#world.after(1 + this.#random.next() * 50, deliver);
  }
}

function viewOf({ held, watched }: Member, state: GroupView["state"]): GroupView {
  return { partitions: [...held], watched: [...watched], state };
}
