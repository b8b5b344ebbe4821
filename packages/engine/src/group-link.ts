import type { Clock, GroupMembership, GroupView, Log, Telemetry } from "@horae/core";
import type { LeaseAnswers } from "./lease-answers.ts";
import { Loop } from "./loop.ts";

export interface GroupLinkOptions {
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly leases: LeaseAnswers;
  readonly telemetry: Telemetry;
  readonly onView: (view: GroupView) => void;
  /** This node has left the group, and goes on with what it owns. */
  readonly onLeft: () => void;
}

/**
 * This node's place in the log's group. A node whose lease store has been silent for two periods leaves
 * the group, so that its partitions are given to others, and joins again when the store answers: else a
 * node that is cut from the store alone would hold its partitions for ever.
 */
export class GroupLink {
  readonly #options: GroupLinkOptions;
  readonly #loop: Loop;
  /** Null while this node is not in the group. */
  #place: { membership: GroupMembership | null } | null = null;
  #changing: Promise<void> | null = null;
  /** When to look next (monotonic). */
  #nextAtMs = 0;
  #isStopped = false;

  constructor(options: GroupLinkOptions) {
    this.#options = options;
    this.#loop = new Loop({
      clock: options.clock,
      tick: () => this.#tick(),
      onError: (error) => this.#report(error),
    });
    options.leases.onFailure = () => this.#loop.wake();
  }

  /** Resolves when the group has been joined. Rejects as `join` of the log does. */
  async start(): Promise<void> {
    await this.#join();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#loop.stop();
    await this.#changing;
    await this.#place?.membership?.leave();
  }

  #tick(): number {
    const { leases, periodMs, clock } = this.#options;
    const isWell = this.#place !== null && leases.silentMs === 0;
    if (this.#changing !== null || isWell) return Infinity;
    const waitMs = this.#nextAtMs - clock.monotonicMs();
    if (waitMs > 0) return waitMs;
    this.#nextAtMs = clock.monotonicMs() + periodMs / 6;
    if (this.#place === null) this.#change(this.#return());
    else if (leases.silentMs > 2 * periodMs) this.#change(this.#leave(this.#place));
    return periodMs / 6;
  }

  #change(changing: Promise<void>): void {
    this.#changing = changing
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#changing = null;
        this.#loop.wake();
      });
  }

  async #leave(place: { membership: GroupMembership | null }): Promise<void> {
    this.#place = null;
    await place.membership?.leave();
    this.#options.onLeft();
  }

  /** Asks the store; what it owns may ask nothing. */
  async #return(): Promise<void> {
    const isBack = await this.#options.leases.read(0).then(
      () => true,
      () => false,
    );
    if (isBack && !this.#isStopped) await this.#join();
  }

  async #join(): Promise<void> {
    const { log, onView } = this.#options;
    const place: { membership: GroupMembership | null } = { membership: null };
    this.#place = place;
    try {
      place.membership = await log.join((view) => {
        // A view of a place that was left may still be on its way.
        if (this.#place === place) onView(view);
      });
    } catch (error) {
      this.#place = null;
      throw error;
    }
  }

  #report(error: unknown): void {
    this.#options.telemetry.emit({ type: "unexpectedError", where: "group", error });
  }
}
