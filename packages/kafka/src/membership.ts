import {
  type Clock,
  type GroupMembership,
  type GroupView,
  type HoraeError,
  within,
} from "@horae/core";
import { AppliedCommits } from "./applied-commits.ts";
import type { ClusterLink } from "./cluster-link.ts";
import { findCoordinator, type GroupIdentity } from "./group-coordinator.ts";
import { GroupMember } from "./group-member.ts";

/** Of the last commit before leaving. */
const LAST_COMMIT_WAIT_MS = 1_000;
/**
 * A member learns of a rebalance from the answer to a heartbeat, so this is how soon it asks for what it
 * has been given; a coordinator answers tens of thousands of them a second.
 */
const HEARTBEAT_MS = 200;

export interface MembershipOptions {
  readonly identity: GroupIdentity;
  readonly name: string;
  readonly link: ClusterLink;
  readonly partitionCount: () => Promise<number>;
  readonly clock: Clock;
  readonly onView: (view: GroupView) => void;
  readonly onTrouble: (operation: string, error: HoraeError) => void;
  readonly onEnd: (membership: Membership) => void;
}

/** A member of the group with its connections, and the commits that go through it. */
export class Membership implements GroupMembership {
  readonly #options: MembershipOptions;
  readonly #member: GroupMember;
  readonly #commits: AppliedCommits;
  #leaving: Promise<void> | null = null;

  constructor(options: MembershipOptions) {
    const { identity, link, clock, onTrouble } = options;
    const { topic, sessionTimeoutMs } = identity;
    this.#options = options;
    this.#member = new GroupMember({
      topic,
      name: options.name,
      sessionTimeoutMs,
      heartbeatIntervalMs: HEARTBEAT_MS,
      findCoordinator: () => findCoordinator(link, identity),
      partitionCount: options.partitionCount,
      clock,
      onView: options.onView,
      onTrouble: (error) => onTrouble("group", error),
    });
    this.#commits = new AppliedCommits({
      clock,
      isCommitable: (partition) => this.#member.settledPartitions.includes(partition),
      commit: (offsets) => this.#member.commit(offsets),
      onTrouble: (error) => onTrouble("markApplied", error),
    });
  }

  markApplied(partition: number, offset: number): void {
    if (this.#leaving === null) this.#commits.mark(partition, offset);
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    const { link, clock, onEnd } = this.#options;
    await within(clock, LAST_COMMIT_WAIT_MS, this.#commits.flush());
    this.#commits.close();
    await this.#member.leave();
    // A join that is still waiting keeps its connection until it has been answered and taken back.
    void this.#member.ended.then(() => link.close()).catch(() => undefined);
    onEnd(this);
  }
}
