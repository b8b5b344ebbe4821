import {
  type AppendAck,
  type AppendRequest,
  type Clock,
  type LogAppender,
  within,
} from "@horae/core";
import { AppendSender, type AppendWire } from "./append-sender.ts";
import { ClusterLink, withFreshLeaders } from "./cluster-link.ts";
import { type KafkaLogLine, openCluster } from "./kafkajs.ts";
import { messageOf } from "./record-bytes.ts";
import {
  ACKS_TIMEOUT_MS,
  APPEND_TIMEOUT_MS,
  checkBrokers,
  checkTopicName,
  type KafkaConnectionSettings,
  quarantineTopicOf,
} from "./settings.ts";

/** Of a close: appends in flight are waited for that long. */
const CLOSE_WAIT_MS = 3_000;

const ALL_REPLICAS_IN_SYNC = -1;
/** Without the idempotent producer, of which it is a part. */
const NO_SEQUENCE = 0;

export interface KafkaAppenderOptions {
  readonly settings: KafkaConnectionSettings & { readonly topic: string };
  readonly clock: Clock;
  readonly onLog?: (line: KafkaLogLine) => void;
}

/** The half of the log that a client needs. It connects when it is first asked for something. */
export function openKafkaAppender(options: KafkaAppenderOptions): KafkaAppender {
  const { topic } = options.settings;
  const link = openAppendLink(options);
  return new KafkaAppender({ link, topic, clock: options.clock });
}

/** Connections for appends to the queue's topic and to its quarantine. */
export function openAppendLink({ settings, onLog }: KafkaAppenderOptions): ClusterLink {
  checkBrokers(settings.brokers);
  checkTopicName(settings.topic);
  return new ClusterLink({
    open: (rotation) =>
      openCluster({ settings, requestTimeoutMs: APPEND_TIMEOUT_MS, onLog, rotation }),
    topics: [settings.topic, quarantineTopicOf(settings.topic)],
    brokers: settings.brokers.length,
  });
}

/** Appends to one topic; all in-sync replicas acknowledge. */
export class KafkaAppender implements LogAppender {
  readonly #link: ClusterLink;
  readonly #topic: string;
  readonly #clock: Clock;
  readonly #sender: AppendSender;
  #partitionCount: number | null = null;

  constructor(options: { link: ClusterLink; topic: string; clock: Clock }) {
    this.#link = options.link;
    this.#topic = options.topic;
    this.#clock = options.clock;
    this.#sender = new AppendSender(appendWire(options.link, options.topic));
  }

  async partitionCount(): Promise<number> {
    const leaders = (): Promise<readonly number[]> => this.#link.leaders(this.#topic);
    this.#partitionCount ??= (await withFreshLeaders(this.#link, "partitions", leaders)).length;
    return this.#partitionCount;
  }

  append(request: AppendRequest): Promise<AppendAck> {
    return this.#sender.append(request.partition, messageOf(request));
  }

  async close(): Promise<void> {
    this.#sender.close();
    // A broker that hangs must not hold the process: what it has not answered stays unknown.
    await within(this.#clock, CLOSE_WAIT_MS, this.#link.close());
  }
}

/** How appends to a topic go over a link. */
export function appendWire(link: ClusterLink, topic: string): AppendWire {
  return {
    leaders: async () => {
      await link.refresh();
      return link.leaders(topic);
    },
    produce: async (nodeId, batches) => {
      const broker = await link.broker(nodeId);
      const partitions = batches.map((batch) => ({ ...batch, firstSequence: NO_SEQUENCE }));
      try {
        const { topics } = await broker.produce({
          acks: ALL_REPLICAS_IN_SYNC,
          timeout: ACKS_TIMEOUT_MS,
          topicData: [{ topic, partitions }],
        });
        return topics.flatMap((answer) => answer.partitions);
      } catch (error) {
        link.drop(broker);
        throw error;
      }
    },
  };
}
