import {
  bucketOf,
  type HandlerLogger,
  isFinished,
  type StatusCells,
  type TaskHandler,
  type TaskHandlers,
  type TaskKey,
} from "@horae/core";
import { attemptEnded, attemptRanAway, attemptStarted, handlerTaskOf } from "./attempt-report.ts";
import { AttemptJournal } from "./attempt-journal.ts";
import type { BucketSummaries } from "./bucket-summaries.ts";
import type { Executor, OfferingPartition } from "./executor.ts";
import type { Lane } from "./lane.ts";
import type { LoadedTask } from "./loaded-task.ts";
import { decideOutcome, type HandlerEnd, withdrawnStatus } from "./outcome.ts";
import { OutcomeRecorder } from "./outcome-recorder.ts";
import type { OwnerContext } from "./owner-context.ts";
import { RunningHandler } from "./run-handler.ts";
import type { Sleepers } from "./sleepers.ts";
import type { TaskMemory } from "./task-memory.ts";
import { maxKey } from "./key-order.ts";

export interface PartitionAttemptsOptions {
  readonly context: OwnerContext;
  readonly memory: TaskMemory;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
  readonly executor: Executor;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
  readonly onError: (error: unknown) => void;
}

/**
 * From the offer of a due task to its recorded outcome. Each attempt passes the same steps: claim
 * (slot reserved, then the journal), run (directly before the call: claim acknowledged, lease
 * valid, time come), record, leave memory or wait for the next attempt.
 */
export class PartitionAttempts implements OfferingPartition {
  readonly #options: PartitionAttemptsOptions;
  readonly journal: AttemptJournal;
  readonly #recorder: OutcomeRecorder;
  /** Claimed and not started yet; the claim may still be on its way to the journal. */
  readonly #claimed = new Set<LoadedTask>();
  readonly #running = new Map<LoadedTask, { running: RunningHandler; startedMs: number }>();
  /** Lanes whose next task is a suspect that has to wait for another one. */
  readonly #parked = new Set<Lane>();
  /** Attempts whose slot is not released yet. */
  #slots = 0;
  #isDraining = false;
  highestStartedKey: TaskKey | null;

  constructor(options: PartitionAttemptsOptions, highestStartedKey: TaskKey | null) {
    this.#options = options;
    this.highestStartedKey = highestStartedKey;
    this.#recorder = new OutcomeRecorder(options.context);
    this.journal = new AttemptJournal(options.context, {
      onError: options.onError,
      onClaimed: (tasks) => this.#onClaimed(tasks),
    });
  }

  /** Offers due work, starts what is claimed and due; answers when to look again, epoch ms. */
  tick(nowMs: number): number {
    const { memory, context, executor } = this.#options;
    let nextMs = Infinity;
    for (const task of this.#claimed) {
      if (!task.isClaimAcknowledged) continue;
      if (task.dueAtMs > nowMs) nextMs = Math.min(nextMs, task.dueAtMs);
      else if (context.lease.isValid()) this.#start(task);
    }
    if (this.#isDraining || !context.lease.isValid()) return nextMs;
    // Again and again: a suspect that ended while the lease was not in force has asked in vain.
    if (this.#parked.size > 0) executor.offerSuspect(this);
    const offerAtMs = memory.schedule.nextAtMs;
    if (offerAtMs === null) return nextMs;
    const claimAtMs = offerAtMs - context.settings.claimAheadMs;
    if (claimAtMs > nowMs) return Math.min(nextMs, claimAtMs);
    executor.offer(this);
    // What was not claimed ahead for lack of slots is claimed when it is due.
    return offerAtMs > nowMs ? Math.min(nextMs, offerAtMs) : nextMs;
  }

  claimNext(allowed: { mayClaimAhead: boolean; maySuspect: boolean }): "none" | "task" | "suspect" {
    const { memory, context, executor } = this.#options;
    if (this.#isDraining || !context.lease.isValid()) return "none";
    if (allowed.maySuspect) this.#unpark();
    const nowMs = context.clock.nowMs();
    const untilMs = nowMs + (allowed.mayClaimAhead ? context.settings.claimAheadMs : 0);
    const later: Lane[] = [];
    let claimed: LoadedTask | null = null;
    while (claimed === null) {
      const taken = memory.takeOffer(untilMs);
      if (taken === null) break;
      const { lane, offer } = taken;
      this.#park(lane, false);
      if (this.#settleWithoutClaim(offer.task, nowMs)) continue;
      if (!offer.task.isSuspect || (allowed.maySuspect && offer.atMs <= nowMs)) {
        claimed = offer.task;
      } else if (offer.atMs > nowMs) later.push(lane);
      else this.#park(lane, true);
    }
    for (const lane of later) memory.touch(lane);
    if (this.#parked.size > 0) executor.offerSuspect(this);
    if (claimed === null) return "none";
    this.#claim(claimed);
    return claimed.isSuspect ? "suspect" : "task";
  }

  /** No suspect runs on this node: lanes whose next task is one may be offered again. */
  #unpark(): void {
    for (const lane of this.#parked) {
      this.#park(lane, false);
      this.#options.memory.touch(lane);
    }
  }

  #park(lane: Lane, isParked: boolean): void {
    lane.isParked = isParked;
    if (isParked) this.#parked.add(lane);
    else this.#parked.delete(lane);
  }

  /**
   * Stops claiming, gives back what has not started, and waits for the handlers: until the drain
   * limit, then for the grace after their signals have aborted. Resolves when the outcomes are
   * recorded.
   */
  async drain(): Promise<void> {
    const { context, executor } = this.#options;
    this.#isDraining = true;
    executor.withdraw(this);
    for (const task of this.#claimed) if (task.isClaimAcknowledged) this.#withdraw(task);
    const limit = context.clock.setTimer(context.settings.drainMs, () => this.abortAll("DRAINED"));
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#reportIdle();
    });
    limit.cancel();
    await this.#recorder.idle();
  }

  /** Aborts the signals of all running handlers. */
  abortAll(code: "DRAINED" | "LEASE_LOST"): void {
    for (const { running } of this.#running.values()) {
      running.abort(code, "the node lets go of the partition");
    }
  }

  /** The lease is lost: nothing more is started, running handlers are told, their outcomes may still count. */
  abandon(): void {
    this.#isDraining = true;
    this.#options.executor.withdraw(this);
    for (const task of this.#claimed) this.#releaseSlot(task);
    this.#claimed.clear();
    this.abortAll("LEASE_LOST");
  }

  #onIdle: (() => void) | null = null;

  #reportIdle(): void {
    if (this.#slots === 0) this.#onIdle?.();
  }

  /** Decided before the claim: an attempt is not used up for what could not run anyway. */
  #settleWithoutClaim(task: LoadedTask, nowMs: number): boolean {
    const { memory, handlers, context } = this.#options;
    if (task.countedAttempts >= task.options.maxAttempts) {
      task.state = "recording";
      memory.occupyLane(task);
      const message = "the process ended while the last attempt was under way";
      const end: HandlerEnd = { kind: "aborted", code: "ATTEMPTS_CRASHED", message };
      this.#record(task, decideOutcome(task, end, { nowMs, random: context.random }));
      return true;
    }
    const taskType = task.request.type;
    if (handlers.get(taskType) !== undefined) return false;
    task.postpone(nowMs);
    memory.touch(memory.lane(task));
    const { telemetry, partition } = context;
    telemetry.emit({ type: "handlerMissing", partition, taskType, key: task.key });
    return true;
  }

  #claim(task: LoadedTask): void {
    const { memory } = this.#options;
    task.state = "claimed";
    task.attempts++;
    task.postponements = 0;
    memory.occupyLane(task);
    this.#slots++;
    this.#claimed.add(task);
    this.highestStartedKey = maxKey(this.highestStartedKey, task.key);
    this.journal.add(task);
  }

  #onClaimed(tasks: readonly LoadedTask[]): void {
    const { context } = this.#options;
    const nowMs = context.clock.nowMs();
    for (const task of tasks) {
      if (!this.#claimed.has(task)) continue;
      if (this.#isDraining) this.#withdraw(task);
      else if (task.dueAtMs <= nowMs && context.lease.isValid()) this.#start(task);
    }
    context.wake();
  }

  #start(task: LoadedTask): void {
    const { context, handlers, memory } = this.#options;
    this.#claimed.delete(task);
    const handler = handlers.get(task.request.type);
    if (handler === undefined) {
      // It was there at the claim: a reload took it away.
      this.#withdraw(task);
      return;
    }
    const running = this.#runningHandler(task, handler);
    this.#running.set(task, { running, startedMs: context.clock.monotonicMs() });
    task.state = "running";
    context.telemetry.emit(attemptStarted(context, task, memory.lane(task).headSinceMs));
    // Nothing is awaited between the checks of the caller and this call.
    running.start().then((end) => this.#onEnd(task, end), this.#options.onError);
  }

  #runningHandler(task: LoadedTask, handler: TaskHandler): RunningHandler {
    const { context, logger } = this.#options;
    const { attemptTimeoutMs } = task.options;
    const { epoch, partition, clock, settings } = context;
    const { fence } = task.claim!;
    return new RunningHandler({
      handler,
      task: handlerTaskOf(task),
      context: { attempt: task.attempts, epoch, partition, fence, logger },
      attemptTimeoutMs,
      abortGraceMs: settings.abortGraceMs,
      clock,
    });
  }

  #onEnd(task: LoadedTask, end: HandlerEnd): void {
    const { context } = this.#options;
    const { telemetry, clock, random } = context;
    const { running, startedMs } = this.#running.get(task)!;
    this.#running.delete(task);
    const status = decideOutcome(task, end, { nowMs: clock.nowMs(), random });
    if (running.isRunaway) {
      telemetry.emit(attemptRanAway(context, task));
      this.#options.executor.addRunaway(running);
    }
    telemetry.emit(attemptEnded(context, { task, status, startedMs }));
    task.state = "recording";
    this.#record(task, status);
    this.#releaseSlot(task);
  }

  #withdraw(task: LoadedTask): void {
    this.#claimed.delete(task);
    task.state = "recording";
    this.#record(task, withdrawnStatus(task));
    this.#releaseSlot(task);
  }

  #releaseSlot(task: LoadedTask): void {
    this.#slots--;
    this.#options.executor.release({ wasSuspect: task.isSuspect });
    this.#reportIdle();
  }

  #record(task: LoadedTask, status: StatusCells): void {
    const bucket = bucketOf(task.key, this.#options.context.bucketMs);
    this.#recorder
      .record(task, bucket, status)
      .then(() => this.#onRecorded(task, bucket, status))
      .catch(this.#options.onError);
  }

  /** The outcome is acknowledged, a failed task's dead letter included. */
  #onRecorded(task: LoadedTask, bucket: number, status: StatusCells): void {
    const { memory, summaries, sleepers, context } = this.#options;
    this.journal.close(task);
    if (context.isOver) return;
    task.status = status;
    task.claim = null;
    task.state = "waiting";
    memory.freeLane(task);
    if (isFinished(status)) {
      summaries.noteFinish(bucket, status.finishedAtMs!);
      memory.remove(task, true);
    } else if (sleepers.takes(task)) memory.remove(task);
    else memory.keepForRetry(task);
    context.wake();
  }

  /** Is an attempt of this task under way? */
  isRunning(token: string): boolean {
    return this.#options.memory.get(token)?.state === "running";
  }
}
