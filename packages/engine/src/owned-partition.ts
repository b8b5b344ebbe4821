import {
  type Checkpoint,
  type HandlerLogger,
  hasCode,
  type HoraeError,
  type TaskHandlers,
} from "@horae/core";
import { CheckpointTrail } from "./checkpoint-trail.ts";
import type { Executor } from "./executor.ts";
import { Loop } from "./loop.ts";
import { OwnerContext, type OwnerContextOptions } from "./owner-context.ts";
import { TRIES_PER_PERIOD_MAX } from "./lease-rules.ts";
import { makeParts, type Parts } from "./parts.ts";
import { raiseSummaries } from "./raise-summaries.ts";
import { takeOver, type TakeOver } from "./take-over.ts";

/** Why an epoch ended: its lease was released or lost, or its log does not continue the checkpoint. */
export type EpochEnd = "released" | "lost" | "failed" | "log-gap";

export interface OwnedPartitionOptions extends Omit<OwnerContextOptions, "wake"> {
  readonly executor: Executor;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
  /** Asked after each renewal: is the partition to be handed over? */
  readonly isHandOverDue: (wantedBy: string | null) => boolean;
  /** Asked after the take-over: does it receive? An adopter runs what is persisted only. */
  readonly mayReceive: () => boolean;
}

/**
 * A partition for the length of one epoch: take-over, then receiving, loading, running and
 * checkpointing under the lease, until it is released (drained) or lost. All that it knows it has
 * read after the acquire, and all of it goes with the epoch.
 */
export class OwnedPartition {
  readonly #options: OwnedPartitionOptions;
  readonly #context: OwnerContext;
  readonly #loop: Loop;
  readonly #trail: CheckpointTrail;
  #parts: Parts | null = null;
  #taking: Promise<void> = Promise.resolve();
  #renewing: Promise<void> | null = null;
  /** After a renewal that failed the next one waits until then (monotonic). */
  #renewAfterMs = 0;
  #isReleased = false;
  #isSuspended = false;
  #releasing: Promise<void> | null = null;
  #receiving: Promise<void> | null = null;
  #end: (end: EpochEnd) => void = () => undefined;
  readonly #ended: Promise<EpochEnd>;

  constructor(options: OwnedPartitionOptions) {
    this.#options = options;
    this.#context = new OwnerContext({ ...options, wake: () => this.#loop.wake() });
    this.#loop = new Loop({
      clock: options.clock,
      tick: () => this.#tick(),
      onError: (error) => this.#fail(error),
    });
    this.#trail = new CheckpointTrail(this.#context, (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Runs until the epoch is over; never rejects. */
  async run(): Promise<EpochEnd> {
    this.#loop.wake();
    this.#taking = this.#takeOver();
    const end = await this.#ended;
    const { telemetry, partition, epoch } = this.#context;
    if (end === "lost") telemetry.emit({ type: "leaseLost", partition, epoch });
    // Ends a take-over too that still waits: for a log that is away, for a lease that is gone.
    this.#context.end();
    await this.#taking;
    this.#loop.stop();
    this.#parts?.attempts.abandon();
    return end;
  }

  /** Never rejects. */
  async #takeOver(): Promise<void> {
    try {
      const found = await takeOver(this.#context);
      if (this.#releasing === null && !this.#context.isOver) this.#begin(found);
    } catch (error) {
      this.#fail(error);
    }
    this.#loop.wake();
  }

  /** Taken over, under a lease that is in force. */
  get isWorking(): boolean {
    return this.#parts !== null && this.#context.lease.isValid();
  }

  isRunning(token: string): boolean {
    return this.#parts?.attempts.isRunning(token) ?? false;
  }

  /** Drains, checkpoints and releases the lease. Resolves when that is done or the lease is lost. */
  release(): Promise<void> {
    this.#releasing ??= this.#drainAndRelease("released");
    return this.#releasing;
  }

  #begin(found: TakeOver): void {
    const context = this.#context;
    const onError = (error: unknown): void => this.#fail(error);
    this.#parts = makeParts({ ...this.#options, context, found, onError });
    if (this.#options.mayReceive()) this.receive();
  }

  /** Begins to receive, if it has been taken over and does not yet. */
  receive(): void {
    if (this.#parts === null || this.#receiving !== null) return;
    if (this.#releasing !== null || this.#context.isOver) return;
    const { receiver, persister } = this.#parts;
    this.#receiving = receiver.run(persister).catch((error: unknown) => {
      if (hasCode(error, "LOG_GAP") && !receiver.isPlaced) this.#stopAtGap(error as HoraeError);
      else this.#fail(error);
    });
  }

  #tick(): number {
    const { clock, lease } = this.#context;
    if (this.#context.isOver) return Infinity;
    const nowMs = clock.nowMs();
    this.#noteValidity();
    const renewInMs = this.#renewIfDue();
    if (this.#parts === null) return renewInMs;
    const { attempts, loader, refill, reread, retention, auditor } = this.#parts;
    const isValid = lease.isValid();
    const nextMs = Math.min(
      isValid ? loader.tick(nowMs) : Infinity,
      isValid ? refill.tick(nowMs) : Infinity,
      isValid ? reread.tick(nowMs) : Infinity,
      // An adopter deletes nothing: it does not receive, and so never catches up.
      isValid ? retention.tick(nowMs) : Infinity,
      isValid ? auditor.tick(nowMs) : Infinity,
      attempts.tick(nowMs),
    );
    return Math.min(nextMs - nowMs, renewInMs);
  }

  #noteValidity(): void {
    const { lease, telemetry, partition, epoch } = this.#context;
    if (lease.isValid() === !this.#isSuspended) return;
    this.#isSuspended = !this.#isSuspended;
    const type = this.#isSuspended ? "leaseSuspended" : "leaseResumed";
    telemetry.emit({ type, partition, epoch });
  }

  /** Starts a renewal when one is due, one at a time; answers after how many milliseconds to look again. */
  #renewIfDue(): number {
    const { clock, lease } = this.#context;
    if (this.#isReleased) return Infinity;
    // Awake for the moment at which the lease stops being valid; the renewal's end wakes the loop.
    if (this.#renewing !== null) return lease.isValid() ? lease.validForMs : Infinity;
    const waitMs = Math.max(lease.renewalDueInMs, this.#renewAfterMs - clock.monotonicMs());
    if (waitMs > 0) return waitMs;
    this.#renew();
    return Infinity;
  }

  /** Raises summaries, then renews the lease with a checkpoint. */
  #renew(): void {
    const { clock, settings } = this.#context;
    this.#renewAfterMs = clock.monotonicMs() + settings.leasePeriodMs / TRIES_PER_PERIOD_MAX;
    this.#renewing = this.#checkpoint()
      .catch((error: unknown) => this.#reportRenewal(error))
      .finally(() => {
        this.#renewing = null;
        if (this.#context.lease.isLost) this.#end("lost");
        else this.#handOverIfWanted();
        this.#context.wake();
      });
  }

  async #checkpoint(): Promise<void> {
    const { lease } = this.#context;
    if (this.#parts !== null && lease.isValid()) {
      this.#parts.attempts.journal.moveOldClaims();
      // Not awaited: a slow store must not cost the lease.
      const inputs = { context: this.#context, ...this.#parts, isLast: false };
      raiseSummaries(inputs).catch((error: unknown) => this.#fail(error));
    }
    const snapshot = this.#snapshot();
    if (await lease.renew(snapshot)) this.#trail.follow(snapshot);
  }

  /** Acknowledged facts only, taken in one step. */
  #snapshot(): Checkpoint {
    if (this.#parts === null) return this.#context.lease.checkpoint;
    const { receiver, attempts } = this.#parts;
    return {
      appliedOffset: receiver.appliedOffset,
      fingerprint: receiver.fingerprint,
      journal: attempts.journal.position,
      highestStartedKey: attempts.highestStartedKey,
    };
  }

  #reportRenewal(error: unknown): void {
    if (!hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN")) {
      this.#fail(error);
      return;
    }
    this.#emitFailed("renewLease", error as HoraeError);
  }

  #emitFailed(operation: string, { code, message }: HoraeError): void {
    const { telemetry, partition } = this.#context;
    telemetry.emit({ type: "portFailed", partition, operation, code, message });
  }

  #handOverIfWanted(): void {
    const { lease } = this.#context;
    if (this.#options.isHandOverDue(lease.wantedBy)) void this.release();
  }

  async #drainAndRelease(end: EpochEnd): Promise<void> {
    const { lease, telemetry, partition, epoch } = this.#context;
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      await this.#settle();
      while (this.#renewing !== null) await this.#renewing;
      // From here no renewal may change the row under the release, nor a write take a timestamp.
      this.#isReleased = true;
      this.#trail.stop();
      const isReleased = await lease.release(this.#snapshot());
      const elapsedMs = clock.monotonicMs() - startedMs;
      if (isReleased) telemetry.emit({ type: "leaseReleased", partition, epoch, elapsedMs });
      this.#end(isReleased ? end : "lost");
    } catch (error) {
      if (hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN")) {
        this.#emitFailed("releaseLease", error as HoraeError);
      } else if (!hasCode(error, "LEASE_LOST")) this.#report(error);
      this.#end("lost");
    }
  }

  /** Brings everything that is under way to an end, so that the next owner finds little to do. */
  async #settle(): Promise<void> {
    const parts = this.#parts;
    if (parts === null) {
      // A take-over writes too: no timestamp may be taken once the last one is in the lease row.
      this.#context.end();
      await this.#taking;
      return;
    }
    const isLost = this.#ended.then(() => undefined);
    await parts.receiver.stop();
    await Promise.race([Promise.all([parts.attempts.drain(), this.#receiving]), isLost]);
    // What the next owner need not read is what it need not wait for.
    const inputs = { context: this.#context, ...parts, isLast: true };
    if (this.#context.lease.isValid()) await raiseSummaries(inputs);
  }

  /** Somebody has to decide what becomes of a log that lost records. */
  #stopAtGap({ code, message }: HoraeError): void {
    const { telemetry, partition } = this.#context;
    telemetry.emit({ type: "partitionStopped", partition, code, message });
    this.#releasing ??= this.#drainAndRelease("log-gap");
  }

  /** What cannot be went wrong: the epoch ends, and the next one begins with what the store says. */
  #fail(error: unknown): void {
    if (this.#context.isOver || hasCode(error, "LEASE_LOST")) return;
    this.#report(error);
    this.#releasing ??= this.#drainAndRelease("failed");
  }

  #report(error: unknown): void {
    const { telemetry, partition } = this.#context;
    // Read by an owner of yesterday, or a true gap: the next take-over compares log and checkpoint.
    if (hasCode(error, "LOG_GAP")) this.#emitFailed("readLog", error as HoraeError);
    else telemetry.emit({ type: "unexpectedError", where: `partition ${partition}`, error });
  }
}
