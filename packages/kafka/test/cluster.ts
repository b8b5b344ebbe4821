import { randomUUID } from "node:crypto";
import {
  type AppendRequest,
  type Clock,
  encodeUtf8,
  type GroupView,
  type LogReader,
  type LogRecord,
  partitionOf,
} from "@horae/core";
import {
  ensureTopics,
  type EnsureTopicsSettings,
  type KafkaLog,
  type KafkaTrouble,
  openKafkaLog,
} from "@horae/kafka";
import { sharedKafka } from "@horae/testkit/servers";
import kafkajs from "kafkajs";

/** Long enough for a server to start on a busy machine. */
export const START_MS = 180_000;

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves when `check` answers something, which it is asked again and again. */
export async function eventually<T>(
  what: string,
  check: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface TestTopic {
  readonly settings: EnsureTopicsSettings & { readonly groupId: string };
  /** A log of its own connections, closed with the topic. */
  openLog(more?: { memberName?: string; sessionTimeoutMs?: number }): KafkaLog;
  readonly troubles: KafkaTrouble[];
  readonly kafka: InstanceType<typeof kafkajs.Kafka>;
  close(): Promise<void>;
}

/** A queue's topics, made anew on the shared Kafka or on `brokers`. */
export async function openTopic(
  options: { brokers?: readonly string[]; partitions?: number; replicationFactor?: number } = {},
): Promise<TestTopic> {
  const { partitions = 4, replicationFactor = 1 } = options;
  const brokers = options.brokers ?? (await sharedKafka()).brokers;
  const topic = `test.${randomUUID().slice(0, 8)}`;
  const settings = { brokers, topic, groupId: topic, partitions, replicationFactor };
  await eventually("the topics are there", () => ensureTopics(settings).catch(() => null));
  const logs: KafkaLog[] = [];
  const troubles: KafkaTrouble[] = [];
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 100 },
  });
  return {
    settings,
    kafka,
    troubles,
    openLog: (more = {}) => {
      const log = openKafkaLog({
        settings: { ...settings, sessionTimeoutMs: 6_000, ...more },
        clock: realClock,
        onTrouble: (trouble) => troubles.push(trouble),
      });
      logs.push(log);
      return log;
    },
    close: async () => {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
}

/** An append as a client makes it. */
export function requestFor(
  id: string,
  partitions: number,
  value = `value of ${id}`,
): AppendRequest {
  return {
    partition: partitionOf(id, partitions),
    key: encodeUtf8(id),
    value: encodeUtf8(value),
    headers: {},
  };
}

export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
}

/** Reads until there are `count` records. A reader that says that the log is away is asked again. */
export async function readAll(
  reader: LogReader,
  count: number,
  limits = { recordsMax: 1_000, bytesMax: 1024 * 1024 },
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  while (records.length < count) records.push(...(await reader.read(limits)));
  return records;
}

/** Collects what a member sees. */
export class Views {
  readonly seen: GroupView[] = [];

  readonly onView = (view: GroupView): void => {
    this.seen.push(view);
  };

  get last(): GroupView | undefined {
    return this.seen.at(-1);
  }

  /** Resolves with the partitions when the last view is a settled one that fits. */
  settled(
    fits: (partitions: readonly number[]) => boolean = () => true,
  ): Promise<readonly number[]> {
    return eventually("the group has settled", () => {
      const { last } = this;
      return last?.state === "settled" && fits(last.partitions) && last.partitions;
    });
  }
}
