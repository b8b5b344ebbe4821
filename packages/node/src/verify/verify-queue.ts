import { verifyLog } from "./verify-log.ts";
import { bucketsOf, verifyRows } from "./verify-rows.ts";
import { PartitionTally, type VerifySource } from "./verify-source.ts";

/** What is about to be read. */
export interface VerifyEstimate {
  /** At the most: of the logs, up to the applied offsets. */
  readonly records: number;
  /** Buckets whose rows are read. */
  readonly buckets: number;
}

/**
 * Counts, partition by partition, what must add up: every applied record has become a row, is in the
 * quarantine or was sent on, and every unfinished row is led to by its bucket's summary. Reads
 * everything; writes nothing. Throws what the ports throw.
 */
export async function verifyQueue(
  source: VerifySource,
  onEstimate: (estimate: VerifyEstimate) => void,
): Promise<PartitionTally[]> {
  const plans: { tally: PartitionTally; buckets: readonly number[]; records: number }[] = [];
  for (let partition = 0; partition < source.queue.partitions; partition++) {
    const lease = await source.leases.read(partition);
    // First: what is applied now stays so, whatever the owner does meanwhile.
    const tally = new PartitionTally(partition, lease?.checkpoint.appliedOffset ?? -1);
    const { startOffset } = await source.log.bounds(partition);
    const records = Math.max(0, tally.appliedOffset + 1 - startOffset);
    plans.push({ tally, buckets: await bucketsOf(source, partition), records });
  }
  onEstimate({
    records: plans.reduce((sum, { records }) => sum + records, 0),
    buckets: plans.reduce((sum, { buckets }) => sum + buckets.length, 0),
  });
  for (const { tally, buckets } of plans) {
    await verifyLog(source, tally);
    await verifyRows(source, tally, buckets);
  }
  return plans.map(({ tally }) => tally);
}
