import { type AppendAck, HoraeError } from "@horae/core";
import type { OutgoingMessage, ProducedPartition } from "./broker.ts";
import { APPEND_TOO_LARGE, BROKER_CODES, LEADER_MOVED } from "./broker-codes.ts";
import { appendFailed, appendRefused, logUnavailable } from "./errors.ts";
import { type PendingAppend, PendingAppends } from "./pending-appends.ts";
import { messageBytes } from "./record-bytes.ts";

/** Two: one is on its way while the next one is being made and answered. */
const REQUESTS_IN_FLIGHT_MAX = 2;
const REQUEST_RECORDS_MAX = 2_000;
const REQUEST_BYTES_MAX = 1024 * 1024;
/**
 * A broker judges the size of a partition's batch as a whole: small ones fit into any topic, and a
 * record that exceeds this goes alone.
 */
const BATCH_BYTES_MAX = 128 * 1024;
/** A broker would close the connection over a request above 100 MB. */
export const RECORD_BYTES_MAX = 32 * 1024 * 1024;

export interface ProducedBatch {
  readonly partition: number;
  readonly messages: OutgoingMessage[];
}

/** What the sender needs of a cluster. Both throw kafkajs' errors. */
export interface AppendWire {
  /** Asks for the leaders anew: node of each partition's leader, -1 where there is none. */
  leaders(): Promise<readonly number[]>;
  produce(nodeId: number, batches: ProducedBatch[]): Promise<readonly ProducedPartition[]>;
}

/**
 * Sends the appends of one topic. What arrives while a leader has its two requests in flight joins
 * the next one, so that 64 callers cost a handful of requests. Each append gets its own outcome.
 * It repeats nothing whose outcome is open: the caller does, and the task key dedupes.
 */
export class AppendSender {
  readonly #wire: AppendWire;
  readonly #pending = new PendingAppends();
  /** As far as known; a request that failed makes it unknown. */
  #leaders: (number | undefined)[] = [];
  /** Requests in flight by node. */
  readonly #inFlight = new Map<number, number>();
  #isLoading = false;
  #isPumping = false;
  #isClosed = false;

  constructor(wire: AppendWire) {
    this.#wire = wire;
  }

  append(partition: number, message: OutgoingMessage): Promise<AppendAck> {
    const bytes = messageBytes(message);
    if (bytes > RECORD_BYTES_MAX) {
      const what = `append: a record of ${bytes} bytes; the limit is ${RECORD_BYTES_MAX}`;
      return Promise.reject(new HoraeError("RECORD_TOO_LARGE", what));
    }
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#pending.push({ partition, message, bytes, isAlone: false, resolve, reject });
      this.#pumpSoon();
    });
  }

  /** What was not sent yet fails; what is in flight gets its answer. */
  close(): void {
    this.#isClosed = true;
    this.#rejectPending(this.#pending.partitions, closed());
  }

  /** In a microtask, so that calls of one turn share a request. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const byLeader = new Map<number, number[]>();
    let unknown = false;
    for (const partition of this.#pending.partitions) {
      const leader = this.#leaders[partition];
      if (leader === undefined) unknown = true;
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    for (const [nodeId, partitions] of byLeader) {
      while ((this.#inFlight.get(nodeId) ?? 0) < REQUESTS_IN_FLIGHT_MAX) {
        const request = this.#takeRequest(partitions);
        if (request.size === 0) break;
        void this.#send(nodeId, request);
      }
    }
    if (unknown && !this.#isLoading) void this.#loadLeaders();
  }

  #takeRequest(partitions: readonly number[]): Map<number, PendingAppend[]> {
    const request = new Map<number, PendingAppend[]>();
    let records = 0;
    let bytes = 0;
    for (const partition of partitions) {
      if (records >= REQUEST_RECORDS_MAX || bytes >= REQUEST_BYTES_MAX) break;
      const batch = this.#pending.takeBatch(partition, {
        recordsMax: REQUEST_RECORDS_MAX - records,
        bytesMax: BATCH_BYTES_MAX,
      });
      if (batch.length === 0) continue;
      request.set(partition, batch);
      records += batch.length;
      for (const append of batch) bytes += append.bytes;
    }
    return request;
  }

  async #send(nodeId: number, request: Map<number, PendingAppend[]>): Promise<void> {
    this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 0) + 1);
    try {
      const batches = [...request].map(([partition, appends]) => ({
        partition,
        messages: appends.map(({ message }) => message),
      }));
      // Dying from here on: the log may have the records. Whoever asked was told nothing, and
      // asks again; the task key dedupes.
      const answers = await this.#wire.produce(nodeId, batches);
      const byPartition = new Map(answers.map((answer) => [answer.partition, answer]));
      for (const [partition, appends] of request) {
        this.#settle(partition, appends, byPartition.get(partition));
      }
    } catch (error) {
      const failure = appendFailed(error);
      for (const [partition, appends] of request) {
        this.#leaders[partition] = undefined;
        for (const append of appends) append.reject(failure);
      }
    }
    this.#inFlight.set(nodeId, this.#inFlight.get(nodeId)! - 1);
    this.#pump();
  }

  #settle(
    partition: number,
    appends: readonly PendingAppend[],
    answer: ProducedPartition | undefined,
  ): void {
    const code = answer?.errorCode ?? BROKER_CODES.UNKNOWN;
    if (answer !== undefined && code === BROKER_CODES.NONE) {
      const baseOffset = Number(answer.baseOffset);
      for (const [index, append] of appends.entries()) {
        append.resolve({ partition, offset: baseOffset + index });
      }
      return;
    }
    if (LEADER_MOVED.has(code)) this.#leaders[partition] = undefined;
    if (APPEND_TOO_LARGE.has(code) && appends.length > 1 && !this.#isClosed) {
      // Nothing of the batch was appended: each record alone shows which is too large.
      for (const append of appends) append.isAlone = true;
      this.#pending.putBack(partition, appends);
      return;
    }
    const failure = appendRefused(code, partition);
    for (const append of appends) append.reject(failure);
  }

  async #loadLeaders(): Promise<void> {
    this.#isLoading = true;
    try {
      const leaders = await this.#wire.leaders();
      this.#leaders = leaders.map((leader) => (leader < 0 ? undefined : leader));
      const lost = this.#pending.partitions.filter((p) => this.#leaders[p] === undefined);
      this.#rejectPending(lost, noLeader());
    } catch (error) {
      const lost = this.#pending.partitions.filter((p) => this.#leaders[p] === undefined);
      this.#rejectPending(lost, logUnavailable("append", error));
    }
    this.#isLoading = false;
    this.#pump();
  }

  #rejectPending(partitions: readonly number[], error: HoraeError): void {
    for (const partition of partitions) {
      for (const append of this.#pending.takeAll(partition)) append.reject(error);
    }
  }
}

function noLeader(): HoraeError {
  return new HoraeError("LOG_UNAVAILABLE", "append: the partition has no leader just now", {
    retryable: true,
  });
}

function closed(): HoraeError {
  return new HoraeError("LOG_UNAVAILABLE", "append: the log is closed");
}
