import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CassandraConnection } from "@horae/cassandra";
import { connectCassandra } from "@horae/cassandra";
import type { Client } from "@horae/client";
import { createClient, systemClock, systemRandom } from "@horae/client";
import type { TaskRow } from "@horae/core";
import { bucketOf, parseTaskKey, partitionOf, sleep } from "@horae/core";
import { type FinalTask, finalTaskOf } from "@horae/testkit/checker";
import type { SharedCassandra, SharedKafka } from "@horae/testkit/servers";
import { sharedCassandra, sharedKafka } from "@horae/testkit/servers";
import kafkajs from "kafkajs";
import type { NodeConfigInput } from "../../src/index.ts";
import { HORAE, runChild } from "../child.ts";
import { NodeProcess } from "./node-process.ts";

/** Long enough for servers to start on a busy machine. */
export const START_MS = 180_000;

export interface Servers {
  readonly kafka: SharedKafka;
  readonly cassandra: SharedCassandra;
}

/** A record as any producer may make it. */
export interface RawRecord {
  readonly partition?: number;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Record<string, string | Buffer>;
}

interface BenchOptions {
  /** Default: those that the tests share. */
  readonly servers?: Servers;
  readonly partitions?: number;
  readonly bucketMs?: number;
  readonly config?: Partial<NodeConfigInput>;
}

/** A queue of its own on real servers, and everything that a test does to it. */
export class QueueBench {
  readonly name: string;
  readonly topic: string;
  readonly queue: { name: string; partitions: number; bucketMs: number };
  readonly config: NodeConfigInput;
  readonly servers: Servers;
  readonly #dir = mkdtempSync(join(tmpdir(), "horae-cluster-"));
  readonly #nodes: NodeProcess[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];
  #connecting: Promise<CassandraConnection> | null = null;

  static async open(options: BenchOptions = {}): Promise<QueueBench> {
    const servers = options.servers ?? {
      kafka: await sharedKafka(),
      cassandra: await sharedCassandra(),
    };
    return new QueueBench(options, servers);
  }

  private constructor(options: BenchOptions, servers: Servers) {
    const { partitions = 4, bucketMs = 60_000 } = options;
    const { kafka, cassandra } = servers;
    // Nodes may run as other users.
    chmodSync(this.#dir, 0o755);
    this.servers = servers;
    this.name = `test-${randomUUID().slice(0, 8)}`;
    this.topic = `horae.${this.name}`;
    this.queue = { name: this.name, partitions, bucketMs };
    this.config = {
      queue: this.queue,
      kafka: { brokers: kafka.brokers, replicationFactor: 1, sessionTimeoutMs: 6_000 },
      cassandra: {
        contactPoints: cassandra.contactPoints,
        localDataCenter: cassandra.localDataCenter,
        replication: Object.fromEntries(cassandra.dataCenters.map((name) => [name, 1])),
      },
      ...options.config,
    };
  }

  /** The path of a file with the configuration. */
  writeConfig(changes: Partial<NodeConfigInput> = {}): string {
    const file = join(this.#dir, `${randomUUID()}.yaml`);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ ...this.config, ...changes }));
    return file;
  }

  /** `horae ...` with this configuration. */
  async horae(...words: string[]): Promise<string> {
    const { code, out, err } = await runChild([HORAE, ...words, "--config", this.writeConfig()]);
    if (code !== 0) throw new Error(`horae ${words.join(" ")}: exit code ${code}: ${err}`);
    return out;
  }

  startNode(
    name: string,
    options: {
      config?: Partial<NodeConfigInput>;
      nodeArgs?: readonly string[];
      uid?: number;
    } = {},
  ): NodeProcess {
    const { config: changes, ...rest } = options;
    const node = new NodeProcess({ name, config: this.writeConfig(changes), ...rest });
    this.#nodes.push(node);
    return node;
  }

  async client(): Promise<Client> {
    const { brokers } = this.servers.kafka;
    const client = await createClient({ queue: { name: this.name }, kafka: { brokers } });
    this.#closers.push(() => client.close());
    return client;
  }

  get kafka(): InstanceType<typeof kafkajs.Kafka> {
    return new kafkajs.Kafka({
      brokers: [...this.servers.kafka.brokers],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 8, initialRetryTime: 100 },
    });
  }

  /** Appends as a producer that knows nothing of Horae. */
  async produce(
    messages: readonly RawRecord[],
    createPartitioner = kafkajs.Partitioners.DefaultPartitioner,
  ): Promise<void> {
    const producer = this.kafka.producer({ createPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    try {
      await producer.send({ topic: this.topic, messages: messages as never });
    } finally {
      await producer.disconnect();
    }
  }

  /** The row of a task, as the store has it. */
  async row(key: string): Promise<TaskRow | undefined> {
    const connection = await this.#connect();
    const parsed = parseTaskKey(key);
    const partition = partitionOf(parsed.orderingId, this.queue.partitions);
    const bucket = bucketOf(parsed, this.queue.bucketMs);
    const store = connection.taskStore(this.name);
    const [row] = await store.findTasks({ partition, bucket, keys: [parsed] });
    return row;
  }

  /** Buckets of a partition that the index knows. */
  async buckets(partition: number): Promise<number[]> {
    const store = (await this.#connect()).taskStore(this.name);
    const read = { partition, fromBucket: 0, toBucket: null, rowsMax: 1_000 };
    return (await store.loadSummaries(read)).map(({ bucket }) => bucket);
  }

  #connect(): Promise<CassandraConnection> {
    const { contactPoints, localDataCenter } = this.servers.cassandra;
    const ports = { clock: systemClock, random: systemRandom };
    this.#connecting ??= connectCassandra({ contactPoints, localDataCenter }, ports);
    return this.#connecting;
  }

  /** What the store has of these tasks. */
  async final(keys: readonly string[]): Promise<FinalTask[]> {
    const rows = await Promise.all(keys.map((key) => this.row(key)));
    return rows.filter((row) => row !== undefined).map(finalTaskOf);
  }

  /** Resolves when a node has persisted the task. */
  async untilPersisted(key: string): Promise<void> {
    while ((await this.row(key)) === undefined) await sleep(systemClock, 20);
  }

  /** Ends every process that is left, and everything that was opened. */
  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.end("SIGKILL")));
    await Promise.all(this.#closers.map((close) => close()));
    await (await this.#connecting)?.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
