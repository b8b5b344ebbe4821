import type { ClientSettings } from "@horae/client";
import { Client } from "@horae/client";
import type { ListedRecord, Quarantine, QuarantineFilter, StatusCells, TaskKey } from "@horae/core";
import { bucketOf, parseTaskKey, partitionOf, SeededRandom } from "@horae/core";
import type { EngineState } from "@horae/engine";
import { deadLetter, FakeClock, MemoryLog, MemoryStore, taskRequest } from "@horae/testkit";
import type { HttpServer } from "../../src/http/server.ts";
import { startHttp } from "../../src/http/server.ts";

export const QUEUE = { name: "billing", partitions: 4, bucketMs: 600_000 };
export const KEY = "2026-12-01T09:00:00.000Z/customer-42/invoice-7";
export const TASK = {
  type: "remind",
  orderingId: "customer-42",
  scheduledTime: "2026-12-01T09:00:00Z",
  uniquenessKey: "invoice-7",
  data: { n: 1 },
};

const GROUP = { partitions: [0, 1, 2, 3], watched: [], state: "settled" } as const;

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
  readonly response: Response;
}

/** The HTTP interface on adapters in memory. */
export class HttpBench {
  readonly clock = new FakeClock(Date.UTC(2026, 0, 1));
  readonly log = new MemoryLog({ clock: this.clock, partitions: QUEUE.partitions });
  readonly store = new MemoryStore();
  quarantined: ListedRecord[] = [];
  replayedWith: QuarantineFilter | null = null;
  /** Only what is asked of it is of interest here. */
  readonly quarantine: Quarantine = {
    list: (filter = {}) => this.#list(filter),
    replay: (filter = {}) => {
      this.replayedWith = filter;
      return Promise.resolve({ replayed: 2, cut: [{ partition: 1, offset: 7 }] });
    },
    close: () => Promise.resolve(),
  };
  /** Uniqueness keys of tasks that run. */
  readonly running = new Set<string>();
  readonly logged: object[] = [];
  state: EngineState = { group: GROUP, workingPartitions: [0, 1, 2, 3] };
  hasStarted = true;
  /** What is wrong with the disk. */
  disk: string | null = null;
  readonly #token: string | null;
  readonly #limits: Partial<ClientSettings>;
  #server: HttpServer | null = null;

  constructor(options: { token?: string; limits?: Partial<ClientSettings> } = {}) {
    this.#token = options.token ?? null;
    this.#limits = options.limits ?? {};
  }

  async start(): Promise<void> {
    const { clock, log, store } = this;
    const note = (fields: object) => void this.logged.push(fields);
    const client = new Client({
      appender: log,
      clock,
      random: new SeededRandom(1),
      settings: this.#limits,
    });
    const isRunning = (key: TaskKey): boolean => this.running.has(key.uniquenessKey);
    const { quarantine } = this;
    const backend = { client, tasks: { store, queue: QUEUE, isRunning }, quarantine };
    this.#server = await startHttp({
      host: "127.0.0.1",
      port: 0,
      queueName: QUEUE.name,
      backend: () => (this.hasStarted ? backend : null),
      readiness: () =>
        this.hasStarted ? { log, store, disk: () => this.disk, state: () => this.state } : null,
      token: this.#token,
      clock,
      random: new SeededRandom(2),
      logger: { debug: note, info: note, warn: note, error: note },
    });
  }

  async *#list({ reason, positions }: QuarantineFilter): AsyncGenerator<ListedRecord> {
    for (const record of this.quarantined) {
      if (reason !== undefined && record.reason !== reason) continue;
      if (positions !== undefined && positions[0]!.offset !== record.offset) continue;
      yield record;
    }
  }

  /** As it was after the start; what is stored stays. */
  restore(): void {
    this.log.intercept = undefined;
    this.store.intercept = undefined;
    this.hasStarted = true;
    this.disk = null;
    this.state = { group: GROUP, workingPartitions: [0, 1, 2, 3] };
    this.running.clear();
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  get routes(): readonly string[] {
    return this.#server!.routes;
  }

  get url(): string {
    return this.#server!.url;
  }

  async ask(path: string, request: RequestInit = {}): Promise<Answer> {
    const response = await fetch(this.url + path, request);
    const type = response.headers.get("content-type");
    return { status: response.status, type, body: (await response.json()) as unknown, response };
  }

  post(body: unknown, options: { type?: string; queue?: string; verb?: string } = {}) {
    const { type = "application/json", queue = QUEUE.name, verb = "" } = options;
    return this.ask(`/v1/queues/${queue}/tasks${verb}`, {
      method: "POST",
      headers: { "content-type": type },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  }

  async persist(
    text: string,
    more: { type?: string; status?: StatusCells; isUnfinished?: boolean } = {},
  ): Promise<TaskKey> {
    const { type = "remind", status } = more;
    const key = parseTaskKey(text);
    const partition = partitionOf(key.orderingId, QUEUE.partitions);
    const at = { partition, bucket: bucketOf(key, QUEUE.bucketMs), timestamp: 1 };
    const request = taskRequest({ type, dataJson: '{"n":1}', appendedAtMs: 0, offset: 5 });
    const lowKey = more.isUnfinished === true ? key : null;
    const summary = { lowKey, exceptions: [], state: "open", lastFinishMs: null } as const;
    await this.store.writeSummary({ ...at, summary });
    await this.store.persistTasks({ ...at, rows: [{ key, request }] });
    if (status === undefined) return key;
    await this.store.recordStatuses({ ...at, rows: [{ key, status }] });
    const failedAtMs = status.finishedAtMs;
    if (status.status === "failed" && failedAtMs !== null) {
      const letter = deadLetter({ failedAtMs, key, request, status });
      await this.store.writeDeadLetter({ partition, timestamp: 1, letter });
    }
    return key;
  }
}
