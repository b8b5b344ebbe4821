import {
  type Clock,
  type GroupMembership,
  type GroupView,
  type HoraeError,
  sleep,
  within,
} from "@horae/core";
import { failureOf, logUnavailable } from "./errors.ts";
import type { GroupCoordinator, Membership } from "./group-coordinator.ts";
import { type Assigned, assignMembers, decodeAssignment, encodeMember } from "./member-metadata.ts";

/** Pauses after a failure: doubling, from the first to the longest. */
const PAUSE_FIRST_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** Answers in a row that a coordinator is moving; somebody should know of more. About a second. */
const MOVING_FAILURES_MAX = 6;
/** A join that waits for other members is not waited for longer; the group forgets us in time. */
const LEAVE_WAIT_MS = 3_000;

export interface GroupMemberOptions {
  readonly topic: string;
  /** For people, and for a stable order. */
  readonly name: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Throws kafkajs' errors, as the coordinator's requests do. */
  readonly findCoordinator: () => Promise<GroupCoordinator>;
  readonly partitionCount: () => Promise<number>;
  readonly clock: Clock;
  readonly onView: (view: GroupView) => void;
  /** The group could not be reached; it is tried again. */
  readonly onTrouble: (error: HoraeError) => void;
}

/**
 * This node in the queue's group: joins, heartbeats, joins again when the group rebalances, and tries
 * for as long as it takes when the coordinator is away.
 *
 * It sees `joining` when it has learned of a rebalance, `settled` with its partitions when the group
 * has assigned them, and `lost` when no coordinator has answered for a session time-out. Nothing is
 * shown before the group has answered for the first time. Safety never rests on any of this: leases
 * decide who owns a partition, and readers need no membership.
 */
export class GroupMember implements GroupMembership {
  readonly #options: GroupMemberOptions;
  readonly #leaving = new AbortController();
  readonly #ended: Promise<void>;
  #coordinator: GroupCoordinator | null = null;
  /** Given by the coordinator; empty until it has answered, and after it has forgotten us. */
  #memberId = "";
  /** Of the round that this member belongs to; null while it has to join. */
  #generationId: number | null = null;
  /** As last assigned, also while joining and lost: what the lease may still be held for. */
  #assigned: Assigned = { partitions: [], watched: [] };
  #state: GroupView["state"] | null = null;
  /** When a coordinator last answered (monotonic). */
  #heardMs: number;
  #failures = 0;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#ended = this.#run();
  }

  /** Partitions that a settled group has given to this member. */
  get settledPartitions(): readonly number[] {
    return this.#state === "settled" ? this.#assigned.partitions : [];
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await within(this.#options.clock, LEAVE_WAIT_MS, this.#ended);
  }

  /** Resolves when the member has left, however long a join under way takes. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Tells the group how far partitions are applied, for those who watch its lag. Does nothing when
   * the group is not settled. Throws `LOG_UNAVAILABLE`.
   */
  async commit(offsets: readonly { partition: number; offset: number }[]): Promise<void> {
    const membership = this.#membership();
    if (membership === null || this.#coordinator === null || offsets.length === 0) return;
    try {
      await this.#coordinator.commit(membership, offsets);
    } catch (error) {
      throw logUnavailable("commit applied offsets", error);
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        await this.#step();
        this.#failures = 0;
        pauseMs = this.#options.heartbeatIntervalMs;
      } catch (error) {
        pauseMs = this.#onFailure(error);
      }
      if (pauseMs > 0) await sleep(clock, pauseMs, signal);
    }
    await this.#sayLeave();
  }

  async #step(): Promise<void> {
    const coordinator = (this.#coordinator ??= await this.#options.findCoordinator());
    const membership = this.#membership();
    if (membership === null) await this.#join(coordinator);
    else {
      await coordinator.heartbeat(membership);
      this.#heard();
      // The coordinator was away and still knows us.
      if (this.#state === "lost") this.#show("settled");
    }
  }

  async #join(coordinator: GroupCoordinator): Promise<void> {
    const { topic, name, partitionCount } = this.#options;
    const metadata = encodeMember({ name, held: this.#assigned.partitions }, topic);
    const joined = await coordinator.join({ memberId: this.#memberId, metadata });
    this.#heard();
    this.#memberId = joined.memberId;
    const { memberId, generationId, leaderId, members } = joined;
    const assignments =
      leaderId === memberId
        ? assignMembers(members, { topic, partitionCount: await partitionCount() })
        : [];
    const membership = { memberId, generationId };
    const assignment = await coordinator.sync({ membership, assignments });
    this.#heard();
    this.#generationId = generationId;
    this.#assigned = decodeAssignment(assignment, topic);
    this.#show("settled");
  }

  /** Answers how long to wait before the next step. */
  #onFailure(error: unknown): number {
    const { kind, name } = failureOf(error);
    const pauseMs = Math.min(PAUSE_FIRST_MS * 2 ** this.#failures, PAUSE_MAX_MS);
    this.#failures = Math.min(this.#failures + 1, 16);
    switch (name) {
      case "UNKNOWN_MEMBER_ID":
      case "ILLEGAL_GENERATION":
      case "REBALANCE_IN_PROGRESS":
        this.#heard();
        if (name === "UNKNOWN_MEMBER_ID") this.#memberId = "";
        this.#generationId = null;
        this.#show("joining");
        // At once, unless it goes on and on.
        return this.#failures > 3 ? pauseMs : 0;
      case "GROUP_LOAD_IN_PROGRESS":
      case "NOT_COORDINATOR_FOR_GROUP":
      case "GROUP_COORDINATOR_NOT_AVAILABLE":
        this.#coordinator = null;
        // It moves, or a new broker makes itself ready: no trouble unless it goes on.
        if (this.#failures < MOVING_FAILURES_MAX) return pauseMs;
        break;
      default:
        if (kind !== "refused") this.#coordinator?.drop();
        this.#coordinator = null;
    }
    this.#options.onTrouble(logUnavailable("group", error));
    const { clock, sessionTimeoutMs } = this.#options;
    if (clock.monotonicMs() - this.#heardMs > sessionTimeoutMs) this.#show("lost");
    return pauseMs;
  }

  async #sayLeave(): Promise<void> {
    if (this.#memberId === "") return;
    try {
      // Dying here instead: the group waits for the session time-out, and the lease for its period.
      const coordinator = this.#coordinator ?? (await this.#options.findCoordinator());
      await coordinator.leave(this.#memberId);
    } catch (error) {
      this.#options.onTrouble(logUnavailable("leave the group", error));
    }
  }

  #membership(): Membership | null {
    const generationId = this.#generationId;
    return generationId === null ? null : { memberId: this.#memberId, generationId };
  }

  #heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  #show(state: GroupView["state"]): void {
    const isFirst = this.#state === null;
    if (this.#leaving.signal.aborted || (isFirst && state !== "settled")) return;
    if (this.#state === state && state !== "settled") return;
    this.#state = state;
    this.#options.onView({ ...this.#assigned, state });
  }
}
