import {
  type Clock,
  type ListedRecord,
  partitionOfBytes,
  type Quarantine,
  type QuarantineFilter,
  type QuarantinePosition,
  type ReplayResult,
} from "@horae/core";
import { AppendSender } from "./append-sender.ts";
import type { OutgoingMessage } from "./broker.ts";
import type { ClusterLink } from "./cluster-link.ts";
import {
  appendWire,
  KafkaAppender,
  type KafkaAppenderOptions,
  openAppendLink,
} from "./kafka-appender.ts";
import { QUARANTINE_PARTITION } from "./quarantine.ts";
import { originalMessage, readLine, replayedMessage } from "./quarantine-record.ts";
import { scanPartition } from "./scan-partition.ts";
import { quarantineTopicOf } from "./settings.ts";

/** Records that are appended again together. */
const REPLAY_BATCH = 100;

/** For people: what is in a queue's quarantine, and appending it again. */
export function openKafkaQuarantine(options: KafkaAppenderOptions): KafkaQuarantine {
  const { topic } = options.settings;
  return new KafkaQuarantine({ link: openAppendLink(options), topic, clock: options.clock });
}

export class KafkaQuarantine implements Quarantine {
  readonly #link: ClusterLink;
  readonly #topic: string;
  readonly #appender: KafkaAppender;
  readonly #queue: AppendSender;
  readonly #quarantine: AppendSender;

  constructor(options: { link: ClusterLink; topic: string; clock: Clock }) {
    const { link, topic } = options;
    this.#link = link;
    this.#topic = topic;
    this.#appender = new KafkaAppender(options);
    this.#queue = new AppendSender(appendWire(link, topic));
    this.#quarantine = new AppendSender(appendWire(link, quarantineTopicOf(topic)));
  }

  /** The records that are kept, oldest first, each once. Throws `LOG_UNAVAILABLE`. */
  async *list(filter: QuarantineFilter = {}): AsyncGenerator<ListedRecord, void, undefined> {
    for await (const { record } of this.#find(filter)) yield record;
  }

  /**
   * Appends the original bytes of the records again that were not replayed yet, in order, to the
   * partition that their key belongs to. Throws what an append throws; what was replayed until
   * then stays so.
   */
  async replay(filter: QuarantineFilter = {}): Promise<ReplayResult> {
    const cut: QuarantinePosition[] = [];
    let replayed = 0;
    let batch: Found[] = [];
    for await (const found of this.#find(filter)) {
      const { record } = found;
      if (record.isReplayed) continue;
      if (record.cut !== null) cut.push({ partition: record.partition, offset: record.offset });
      else batch.push(found);
      if (batch.length < REPLAY_BATCH) continue;
      replayed += await this.#replayBatch(batch);
      batch = [];
    }
    replayed += await this.#replayBatch(batch);
    return { replayed, cut };
  }

  async close(): Promise<void> {
    this.#queue.close();
    this.#quarantine.close();
    await this.#appender.close();
  }

  async #replayBatch(batch: readonly Found[]): Promise<number> {
    const partitions = await this.#appender.partitionCount();
    await Promise.all(
      batch.map(({ record, original }) => {
        const { key, partition } = record;
        const to = key === null ? partition : partitionOfBytes(key, partitions);
        return this.#queue.append(to, original);
      }),
    );
    // Dying here: they will be replayed again, and the task key dedupes.
    await Promise.all(
      batch.map(({ record }) =>
        this.#quarantine.append(QUARANTINE_PARTITION, replayedMessage(record)),
      ),
    );
    return batch.length;
  }

  /** Twice through the topic: that a record was replayed is written behind it. */
  async *#find(filter: QuarantineFilter): AsyncGenerator<Found, void, undefined> {
    const place = { topic: quarantineTopicOf(this.#topic), partition: QUARANTINE_PARTITION };
    const replayed = new Set<string>();
    for await (const line of scanPartition(this.#link, place)) {
      const read = readLine(line);
      if (read?.kind === "replayed") replayed.add(nameOf(read.position));
    }
    const wanted = filter.positions && new Set(filter.positions.map(nameOf));
    const seen = new Set<string>();
    for await (const line of scanPartition(this.#link, place)) {
      const read = readLine(line);
      if (read?.kind !== "record") continue;
      const name = nameOf(read.record);
      if (seen.has(name) || (wanted && !wanted.has(name))) continue;
      if (filter.reason !== undefined && read.record.reason !== filter.reason) continue;
      seen.add(name);
      const record = { ...read.record, isReplayed: replayed.has(name) };
      yield { record, original: originalMessage(line) };
    }
  }
}

interface Found {
  readonly record: ListedRecord;
  readonly original: OutgoingMessage;
}

function nameOf({ partition, offset }: QuarantinePosition): string {
  return `${partition}/${offset}`;
}
