import { type Checkpoint, HoraeError, type LogBounds, type StopSignal } from "@horae/core";
import type { OwnerContext } from "./owner-context.ts";

/** Where an owner begins to receive. */
export interface LogPosition {
  /** First offset that was not yet on the log after the acquire. */
  readonly logEnd: number;
  readonly appliedOffset: number;
  readonly fingerprint: string | null;
}

/**
 * Makes sure that the log still is the one that the checkpoint means. The log end is read after the
 * acquire: nothing below it is taken for new. Throws `LOG_GAP`.
 */
export async function checkLog(
  context: OwnerContext,
  { checkpoint, signal }: { checkpoint: Checkpoint; signal: StopSignal },
): Promise<LogPosition> {
  const { partition, log } = context;
  const { appliedOffset, fingerprint } = checkpoint;
  const askBounds = (): Promise<LogBounds> =>
    context.read("logBounds", () => log.bounds(partition), signal);
  let bounds = await askBounds();
  let found: string | null = null;
  if (holds(bounds, appliedOffset)) {
    const position = { partition, offset: appliedOffset };
    found = await context.read("fingerprint", () => log.fingerprint(position), signal);
    // Retention may have removed it between the two questions.
    if (found === null) bounds = await askBounds();
  }
  const continues =
    found === null ? isNothingMissing(bounds, appliedOffset) : found === fingerprint;
  if (continues) return { logEnd: bounds.endOffset, appliedOffset, fingerprint };
  return positionAfterGap(context, appliedOffset, bounds);
}

/** By what is at the applied offset a log is known again. */
function holds({ startOffset, endOffset }: LogBounds, offset: number): boolean {
  return offset >= startOffset && offset < endOffset;
}

/** Of a log that does not hold the applied record (any more): it begins with the next one. */
function isNothingMissing({ startOffset, endOffset }: LogBounds, appliedOffset: number): boolean {
  if (appliedOffset < 0) return startOffset === 0 || startOffset === endOffset;
  return startOffset === appliedOffset + 1;
}

function positionAfterGap(
  { partition, settings }: OwnerContext,
  appliedOffset: number,
  bounds: LogBounds,
): LogPosition {
  const { startOffset, endOffset } = bounds;
  if (settings.onLogGap === "continue-from-earliest") {
    return { logEnd: endOffset, appliedOffset: startOffset - 1, fingerprint: null };
  }
  throw new HoraeError(
    "LOG_GAP",
    `the log of partition ${partition} does not continue the checkpoint: applied offset ` +
      `${appliedOffset}, the log holds ${startOffset} to ${endOffset - 1}`,
    { details: { partition, appliedOffset, ...bounds } },
  );
}
