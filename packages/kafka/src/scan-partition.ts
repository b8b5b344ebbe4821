import type { LogRecord } from "@horae/core";
import { BROKER_CODES, nameOfCode } from "./broker-codes.ts";
import { type ClusterLink, withFreshLeaders } from "./cluster-link.ts";
import { fetchedRecords, type FetchedRecords } from "./fetched-records.ts";
import { fetchOnce } from "./fetch-once.ts";

const SCAN = { bytesMax: 1024 * 1024, waitMs: 200 };
/** A transaction that stays open hides what follows it: it is not waited for. */
const FRUITLESS_FETCHES_MAX = 5;

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Everything that a partition holds now, once, in order. Throws `LOG_UNAVAILABLE`. */
export async function* scanPartition(
  link: ClusterLink,
  place: Place,
): AsyncGenerator<LogRecord, void, undefined> {
  const { topic, partition } = place;
  const what = `read ${topic}`;
  const { startOffset, endOffset } = await withFreshLeaders(link, what, () =>
    link.bounds(topic, partition),
  );
  let offset = startOffset;
  for (let fruitless = 0; offset < endOffset && fruitless < FRUITLESS_FETCHES_MAX; fruitless++) {
    const from = offset;
    const { records, nextOffset } = await withFreshLeaders(link, what, () =>
      fetchAt(link, { ...place, offset: from }, SCAN),
    );
    if (nextOffset > offset) fruitless = -1;
    offset = nextOffset;
    for (const record of records) if (record.offset < endOffset) yield record;
  }
}

/** What follows `offset`, as much as one fetch brings; nothing when there is no such offset. */
export async function fetchAt(
  link: ClusterLink,
  { topic, partition, offset }: Place & { readonly offset: number },
  limits: { readonly bytesMax: number; readonly waitMs: number },
): Promise<FetchedRecords> {
  const nodeId = (await link.leaders(topic))[partition] ?? -1;
  const partitions = [{ partition, fetchOffset: offset }];
  const [fetched] = await fetchOnce(link, { topic, nodeId, partitions, ...limits });
  const code = fetched?.errorCode ?? BROKER_CODES.UNKNOWN;
  if (code === BROKER_CODES.OFFSET_OUT_OF_RANGE) return { records: [], nextOffset: offset };
  if (fetched === undefined || code !== BROKER_CODES.NONE) {
    throw new Error(`the leader answered ${nameOfCode(code)}`);
  }
  return fetchedRecords(fetched, offset);
}
