import { type Clock, type LogBounds, type LogReader } from "@horae/core";
import { type ClusterLink, withFreshLeaders } from "./cluster-link.ts";
import { FETCH_LANES, FetchPump, type FetchWire } from "./fetch-pump.ts";
import { fetchOnce } from "./fetch-once.ts";
import { PartitionFeed } from "./partition-feed.ts";

/** Of one partition in one fetch. */
const PARTITION_BYTES_MAX = 512 * 1024;
/** Fetched ahead per partition; a fetch may come on top. */
const BUFFER_MAX = { recordsMax: 5_000, bytesMax: 512 * 1024 };
/** How long a fetch waits for a first record, and so how long a third change at a time may wait. */
const WAIT_MS = 200;

/** Readers of one topic, and the connections that they share. */
export class Reading {
  readonly #links: readonly ClusterLink[];
  readonly #topic: string;
  readonly #pump: FetchPump;

  constructor(options: { openLink: () => ClusterLink; topic: string; clock: Clock }) {
    const { openLink, topic, clock } = options;
    this.#links = Array.from({ length: FETCH_LANES }, openLink);
    this.#topic = topic;
    this.#pump = new FetchPump({ wire: fetchWire(this.#links, topic), clock });
  }

  openReader(position: { partition: number; fromOffset: number }): LogReader {
    const onChange = (): void => this.#pump.wake();
    const feed = new PartitionFeed({ ...position, bufferMax: BUFFER_MAX, onChange });
    this.#pump.add(feed);
    return {
      read: (limits) => feed.read(limits),
      close: () => feed.close(),
    };
  }

  bounds(partition: number): Promise<LogBounds> {
    const link = this.#links[0]!;
    const what = `bounds of partition ${partition}`;
    return withFreshLeaders(link, what, () => link.bounds(this.#topic, partition));
  }

  async close(): Promise<void> {
    await this.#pump.close();
    await Promise.all(this.#links.map((link) => link.close()));
  }
}

function fetchWire(links: readonly ClusterLink[], topic: string): FetchWire {
  const first = links[0]!;
  return {
    leaders: async () => {
      await first.refresh();
      return first.leaders(topic);
    },
    fetch: ({ nodeId, lane, partitions }) =>
      fetchOnce(links[lane]!, {
        topic,
        nodeId,
        partitions,
        bytesMax: PARTITION_BYTES_MAX,
        waitMs: WAIT_MS,
      }),
    bounds: (partition) => first.bounds(topic, partition),
  };
}
