import { type Checkpoint, HoraeError, type StopSignal } from "@horae/core";
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
  const { partition, log, settings } = context;
  const { appliedOffset, fingerprint } = checkpoint;
  const bounds = await context.read("logBounds", () => log.bounds(partition), signal);
  const fits = { logEnd: bounds.endOffset, appliedOffset, fingerprint };
  if (appliedOffset < 0 && bounds.startOffset === 0) return fits;
  if (appliedOffset >= 0 && bounds.endOffset > appliedOffset) {
    // Retention removed exactly the applied record: nothing is missing.
    if (bounds.startOffset === appliedOffset + 1) return fits;
    const found = await context.read(
      "fingerprint",
      () => log.fingerprint({ partition, offset: appliedOffset }),
      signal,
    );
    if (found !== null && found === fingerprint) return fits;
  } else if (appliedOffset < 0 && bounds.endOffset === bounds.startOffset) return fits;
  if (settings.onLogGap === "continue-from-earliest") {
    return { ...fits, appliedOffset: bounds.startOffset - 1, fingerprint: null };
  }
  throw new HoraeError(
    "LOG_GAP",
    `the log of partition ${partition} does not continue the checkpoint: applied offset ` +
      `${appliedOffset}, the log holds ${bounds.startOffset} to ${bounds.endOffset - 1}`,
    { details: { partition, appliedOffset, ...bounds } },
  );
}
