import { HoraeError, type LogBounds } from "@horae/core";
import type { KafkaBroker, KafkaCluster } from "./broker.ts";
import { logUnavailable } from "./errors.ts";

export interface ClusterLinkOptions {
  /** Opens a cluster that is not connected; `rotation` says which broker is asked first. */
  readonly open: (rotation: number) => KafkaCluster;
  /** Brokers to begin with: so many are asked before a call fails. */
  readonly brokers: number;
  readonly topics: readonly string[];
}

/**
 * A set of connections to one cluster, and what it says about the topics' leaders. It connects when
 * it is asked for something, and again after a failure. What it throws is kafkajs' own error.
 *
 * kafkajs mends connections badly: a socket that broke in the middle of an answer leaves its half
 * behind, a hung first broker is asked again and again. So a broker that failed is dropped, and when
 * metadata cannot be had everything is thrown away and the next broker of the list is asked.
 */
export class ClusterLink {
  readonly #options: ClusterLinkOptions;
  #cluster: KafkaCluster | null = null;
  /** True when `#cluster` has metadata. */
  #isLoaded = false;
  #rotation = 0;
  #refreshing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ClusterLinkOptions) {
    this.#options = options;
  }

  /** Asks for the leaders again. Calls join one that is under way. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Node of each partition's leader, by partition; -1 where there is none just now. */
  async leaders(topic: string): Promise<readonly number[]> {
    const cluster = await this.#load();
    const leaders: number[] = [];
    for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic)) {
      leaders[partitionId] = leader;
    }
    if (leaders.length > 0) return Array.from(leaders, (leader) => leader ?? -1);
    throw new HoraeError("LOG_UNAVAILABLE", `the topic ${topic} does not exist`, {
      details: { topic },
      retryable: true,
    });
  }

  /** Every broker that the cluster has named. */
  async nodeIds(): Promise<readonly number[]> {
    return (await this.#load()).getNodeIds().map(Number);
  }

  /** A broker with an open connection. */
  async broker(nodeId: number): Promise<KafkaBroker> {
    let cluster = await this.#load();
    if (!cluster.getNodeIds().map(Number).includes(nodeId)) {
      await this.refresh();
      cluster = await this.#load();
    }
    return cluster.findBroker({ nodeId: String(nodeId) });
  }

  /** The broker did not answer, or its answer was cut off: its connections are not used again. */
  drop(broker: KafkaBroker): void {
    const { host, port } = broker.connectionPool;
    this.#cluster?.removeBroker({ host, port });
    broker.disconnect().catch(() => undefined);
  }

  async bounds(topic: string, partition: number): Promise<LogBounds> {
    const cluster = await this.#load();
    const query = { topic, partitions: [{ partition }] };
    // The end last: it is read after everything that the caller has seen.
    const [start] = await cluster.fetchTopicsOffset([{ ...query, fromBeginning: true }]);
    const [end] = await cluster.fetchTopicsOffset([{ ...query, fromBeginning: false }]);
    const startOffset = Number(start?.partitions[0]?.offset);
    const endOffset = Number(end?.partitions[0]?.offset);
    if (Number.isInteger(startOffset) && Number.isInteger(endOffset)) {
      return { startOffset, endOffset };
    }
    throw new HoraeError("LOG_UNAVAILABLE", `no broker knows partition ${partition} of ${topic}`, {
      retryable: true,
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const cluster = this.#cluster;
    this.#cluster = null;
    await cluster?.disconnect();
  }

  async #load(): Promise<KafkaCluster> {
    if (this.#cluster === null || !this.#isLoaded) await this.refresh();
    if (this.#cluster === null) throw closed();
    return this.#cluster;
  }

  async #refresh(): Promise<void> {
    let failure: unknown;
    for (let attempt = 0; attempt < this.#options.brokers; attempt++) {
      if (this.#isClosed) throw closed();
      const cluster = (this.#cluster ??= this.#options.open(this.#rotation));
      try {
        await cluster.connect();
        if (this.#isLoaded) await cluster.refreshMetadata();
        else await cluster.addMultipleTargetTopics([...this.#options.topics]);
        this.#isLoaded = true;
        // Closed meanwhile: nobody else would end the connection that was just opened.
        if (this.#isClosed) this.#discard(cluster);
        return;
      } catch (error) {
        this.#discard(cluster);
        failure = error;
      }
    }
    throw failure;
  }

  #discard(cluster: KafkaCluster): void {
    if (this.#cluster === cluster) this.#cluster = null;
    this.#isLoaded = false;
    this.#rotation++;
    cluster.disconnect().catch(() => undefined);
  }
}

/** Makes a call; once more with fresh metadata when it failed. Translates what it then throws. */
export async function withFreshLeaders<T>(
  link: ClusterLink,
  what: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch {
    // Most often the leader has moved, or its connection was closed for idleness.
  }
  try {
    await link.refresh();
    return await call();
  } catch (error) {
    throw logUnavailable(what, error);
  }
}

function closed(): HoraeError {
  return new HoraeError("LOG_UNAVAILABLE", "the log is closed");
}
