import type { HandlerLogger, TaskHandlers } from "@horae/core";
import { Auditor } from "./auditor.ts";
import { BucketPersister } from "./bucket-persister.ts";
import { BucketSummaries } from "./bucket-summaries.ts";
import type { Executor } from "./executor.ts";
import { LaneRefill } from "./lane-refill.ts";
import { Loader } from "./loader.ts";
import { RoomMaker } from "./make-room.ts";
import type { OwnerContext } from "./owner-context.ts";
import { PartitionAttempts } from "./partition-attempts.ts";
import { Receiver } from "./receiver.ts";
import { Retention } from "./retention.ts";
import { SleeperReread } from "./sleeper-reread.ts";
import { Sleepers } from "./sleepers.ts";
import { type TakeOver, writeDeadLetter } from "./take-over.ts";
import { TaskMemory } from "./task-memory.ts";

/** What works in an owned partition once the take-over has ended. */
export interface Parts {
  readonly memory: TaskMemory;
  readonly attempts: PartitionAttempts;
  readonly receiver: Receiver;
  readonly persister: BucketPersister;
  readonly loader: Loader;
  readonly refill: LaneRefill;
  readonly reread: SleeperReread;
  readonly retention: Retention;
  readonly auditor: Auditor;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
}

export interface PartsOptions {
  readonly context: OwnerContext;
  readonly found: TakeOver;
  readonly executor: Executor;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
  readonly onError: (error: unknown) => void;
}

/** Makes the parts of one epoch and tells them of each other; nothing begins yet. */
export function makeParts(options: PartsOptions): Parts {
  const { context, found, executor, handlers, logger, onError } = options;
  const memory = new TaskMemory(context, found.highestStartedKey);
  const roomMaker = new RoomMaker(memory, context);
  const summaries = new BucketSummaries(context, memory);
  const sleepers = new Sleepers(context);
  const receiver = new Receiver(context);
  const persister = new BucketPersister({
    context,
    memory,
    roomMaker,
    summaries,
    sleepers,
    mayBeReplay: (offset) => offset < receiver.logEnd,
    onBeyondHorizon: (record) => receiver.refuseBeyondHorizon(record),
  });
  const loader = new Loader({
    context,
    memory,
    roomMaker,
    summaries,
    sleepers,
    isInserting: (token) => persister.isInserting(token),
    onFailedRow: (row) => writeDeadLetter(context, row),
    onError,
  });
  const attempts = new PartitionAttempts(
    { context, memory, summaries, sleepers, executor, handlers, logger, onError },
    found.highestStartedKey,
  );
  const refill = new LaneRefill({ context, memory, roomMaker, loader, onError });
  const reread = new SleeperReread({ context, memory, roomMaker, sleepers, loader, onError });
  const retention = new Retention({ context, summaries, persister, receiver, onError });
  const isInserting = (token: string): boolean => persister.isInserting(token);
  const appliedOffset = (): number => receiver.appliedOffset;
  const auditor = new Auditor({
    ...{ context, memory, summaries, sleepers },
    ...{ isInserting, appliedOffset, onError },
  });
  return {
    ...{ memory, attempts, receiver, persister, loader, refill },
    ...{ reread, retention, auditor, summaries, sleepers },
  };
}
