import {
  type AppendAck,
  type AppendRequest,
  type Clock,
  fingerprintOf,
  type GroupMembership,
  type GroupView,
  type HoraeError,
  type Log,
  type LogBounds,
  type LogReader,
  type QuarantineEntry,
  within,
} from "@horae/core";
import { ClusterLink, withFreshLeaders } from "./cluster-link.ts";
import { KafkaAppender, openAppendLink } from "./kafka-appender.ts";
import { type KafkaLogLine, openCluster } from "./kafkajs.ts";
import { Membership } from "./membership.ts";
import { Quarantine } from "./quarantine.ts";
import { Reading } from "./reading.ts";
import { fetchAt } from "./scan-partition.ts";
import {
  DEFAULT_CLIENT_ID,
  DEFAULT_SESSION_TIMEOUT_MS,
  type KafkaQueueSettings,
  READ_TIMEOUT_MS,
} from "./settings.ts";

/** Requests in flight at a close are waited for that long. */
const CLOSE_WAIT_MS = 3_000;
/** Of a heartbeat: two of them may fail in a session. */
const GROUP_TIMEOUT_MIN_MS = 3_000;

/** A broker gives no less than the batch with the wanted record. */
const ONE_BATCH = { bytesMax: 1, waitMs: 0 };

/** Something that goes on by itself, but that somebody should know of. */
export interface KafkaTrouble {
  /** `group`: the coordinator does not answer. `markApplied`: lag monitoring is behind. */
  readonly operation: string;
  readonly error: HoraeError;
}

export interface KafkaLogOptions {
  readonly settings: KafkaQueueSettings;
  readonly clock: Clock;
  readonly onTrouble?: (trouble: KafkaTrouble) => void;
  /** What kafkajs has to say; absent: nothing. */
  readonly onLog?: (line: KafkaLogLine) => void;
}

/** The log of a queue as a node uses it. It connects when it is first asked for something. */
export function openKafkaLog(options: KafkaLogOptions): KafkaLog {
  return new KafkaLog(options);
}

/**
 * The log of a queue on Kafka: a topic, a consumer group, and a quarantine topic.
 *
 * Its parts share nothing but settings: appends, reads and the group have connections of their own,
 * because a broker answers the requests of one connection one after the other, and a read or a join
 * may wait for long.
 */
export class KafkaLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #topic: string;
  /** For appends, and for looking at single records. */
  readonly #appendLink: ClusterLink;
  readonly #appender: KafkaAppender;
  readonly #quarantine: Quarantine;
  readonly #reading: Reading;
  readonly #memberships = new Set<Membership>();

  constructor(options: KafkaLogOptions) {
    const { settings, clock } = options;
    this.#options = options;
    this.#topic = settings.topic;
    const topic = this.#topic;
    this.#appendLink = openAppendLink(options);
    this.#appender = new KafkaAppender({ link: this.#appendLink, topic, clock });
    this.#quarantine = new Quarantine({ link: this.#appendLink, topic });
    this.#reading = new Reading({
      openLink: () => this.#openLink(READ_TIMEOUT_MS),
      topic,
      clock,
    });
  }

  partitionCount(): Promise<number> {
    return this.#appender.partitionCount();
  }

  append(request: AppendRequest): Promise<AppendAck> {
    return this.#appender.append(request);
  }

  /**
   * Resolves at once: joining goes on until it succeeds, however long Kafka is away, and is reported
   * as trouble meanwhile. The first view says that it did.
   */
  join(onView: (view: GroupView) => void): Promise<GroupMembership> {
    const { settings, clock, onTrouble } = this.#options;
    const { groupId, memberName = DEFAULT_CLIENT_ID } = settings;
    const sessionTimeoutMs = settings.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
    const membership = new Membership({
      identity: { groupId, topic: this.#topic, sessionTimeoutMs },
      name: memberName,
      link: this.#openLink(Math.max(sessionTimeoutMs / 2, GROUP_TIMEOUT_MIN_MS)),
      partitionCount: () => this.partitionCount(),
      clock,
      onView,
      onTrouble: (operation, error) => onTrouble?.({ operation, error }),
      onEnd: (ended) => this.#memberships.delete(ended),
    });
    this.#memberships.add(membership);
    return Promise.resolve(membership);
  }

  bounds(partition: number): Promise<LogBounds> {
    return this.#reading.bounds(partition);
  }

  async fingerprint(position: { partition: number; offset: number }): Promise<string | null> {
    const { partition, offset } = position;
    if (offset < 0) return null;
    const link = this.#appendLink;
    const what = `fingerprint of ${partition}/${offset}`;
    const place = { topic: this.#topic, partition, offset };
    const { records } = await withFreshLeaders(link, what, () => fetchAt(link, place, ONE_BATCH));
    const found = records[0];
    return found === undefined || found.offset !== offset ? null : fingerprintOf(found);
  }

  openReader(position: { partition: number; fromOffset: number }): LogReader {
    return this.#reading.openReader(position);
  }

  /** Commits it to the group, for those who watch its lag; a failure is reported as trouble. */
  markApplied({ partition, offset }: { partition: number; offset: number }): Promise<void> {
    for (const membership of this.#memberships) membership.markApplied(partition, offset);
    return Promise.resolve();
  }

  quarantine(entry: QuarantineEntry): Promise<void> {
    return this.#quarantine.keep(entry);
  }

  /** Leaves the group, if nobody has yet; readers end, appends that were not sent fail. */
  async close(): Promise<void> {
    await Promise.all([...this.#memberships].map((membership) => membership.leave()));
    this.#quarantine.close();
    await Promise.all([
      within(this.#options.clock, CLOSE_WAIT_MS, this.#reading.close()),
      this.#appender.close(),
    ]);
  }

  #openLink(requestTimeoutMs: number): ClusterLink {
    const { settings, onLog } = this.#options;
    return new ClusterLink({
      open: (rotation) => openCluster({ settings, requestTimeoutMs, onLog, rotation }),
      topics: [this.#topic],
      brokers: settings.brokers.length,
    });
  }
}
