import type { FetchedPartition, KafkaBroker } from "./broker.ts";
import type { ClusterLink } from "./cluster-link.ts";
import { failureOf } from "./errors.ts";

/** Records of transactions that may yet be aborted are not seen. */
const READ_COMMITTED = 1;
const BYTES_MAX = 4 * 1024 * 1024;

export interface PartitionsToFetch {
  readonly topic: string;
  readonly nodeId: number;
  readonly partitions: readonly { readonly partition: number; readonly fetchOffset: number }[];
  /** Of each partition; a first batch that is larger comes all the same. */
  readonly bytesMax: number;
  /** How long the broker waits for a first record. */
  readonly waitMs: number;
}

/** One fetch from one broker, with an error code for each partition. Throws kafkajs' errors. */
export async function fetchOnce(
  link: ClusterLink,
  request: PartitionsToFetch,
): Promise<readonly FetchedPartition[]> {
  const broker = await link.broker(request.nodeId);
  try {
    return await fetchFrom(broker, request);
  } catch (error) {
    // An answer that cannot be read says nothing against the connection.
    if (failureOf(error).kind !== "unreadable") link.drop(broker);
    throw error;
  }
}

async function fetchFrom(
  broker: KafkaBroker,
  { topic, partitions, bytesMax, waitMs }: PartitionsToFetch,
): Promise<readonly FetchedPartition[]> {
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: BYTES_MAX,
    topics: [
      {
        topic,
        partitions: partitions.map(({ partition, fetchOffset }) => ({
          partition,
          fetchOffset: String(fetchOffset),
          maxBytes: bytesMax,
        })),
      },
    ],
  });
  // kafkajs shuffles the partitions, and repeats the topic for it.
  return responses.flatMap((response) => response.partitions);
}
