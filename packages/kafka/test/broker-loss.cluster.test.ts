import { type Log } from "@horae/core";
import { type KafkaServers, startKafka } from "@horae/testkit/servers";
import {
  eventually,
  openTopic,
  requestFor,
  START_MS,
  type TestTopic,
  text,
  Views,
} from "./cluster.ts";

const LIMITS = { recordsMax: 1_000, bytesMax: 1024 * 1024 };

let servers: KafkaServers;
let topic: TestTopic;

beforeAll(async () => {
  servers = await startKafka();
}, START_MS);

beforeEach(async () => {
  topic = await openTopic({ brokers: servers.brokers });
}, START_MS);

afterEach(() => topic.close(), START_MS);
afterAll(() => servers.stop(), START_MS);

const request = { ...requestFor("a", 4), partition: 0 };

/** The code of the first append that fails. */
async function firstFailure(log: Log): Promise<string> {
  for (;;) {
    try {
      await log.append(request);
    } catch (error) {
      return (error as { code: string }).code;
    }
  }
}

async function appends(log: Log): Promise<boolean> {
  return log.append(request).then(
    () => true,
    () => false,
  );
}

test(
  "a broker that is killed and comes back: everything goes on by itself",
  async () => {
    const log = topic.openLog();
    const views = new Views();
    await log.join(views.onView);
    await views.settled();
    const { offset } = await log.append(request);
    const reader = log.openReader({ partition: 0, fromOffset: offset + 1 });
    const waiting = reader.read(LIMITS).catch((error: unknown) => error);
    await servers.kill();
    expect(["LOG_UNAVAILABLE", "APPEND_UNKNOWN"]).toContain(await firstFailure(log));
    // From then on nothing can have been sent.
    expect(await firstFailure(log)).toBe("LOG_UNAVAILABLE");
    expect(await waiting).toMatchObject({ code: "LOG_UNAVAILABLE", retryable: true });
    await expect(log.bounds(0)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
    await eventually("the group is lost", () => views.last?.state === "lost");
    expect(views.last?.partitions).toEqual([0, 1, 2, 3]);
    await servers.restart();
    await eventually("appends go on", () => appends(log));
    const records = await eventually("the reader goes on", () =>
      reader.read(LIMITS).catch(() => null),
    );
    expect(records[0]).toMatchObject({ partition: 0 });
    expect(text(records[0]!.value)).toBe("value of a");
    expect(await views.settled()).toEqual([0, 1, 2, 3]);
  },
  START_MS,
);

test(
  "a short absence is no rebalance",
  async () => {
    const log = topic.openLog({ sessionTimeoutMs: 30_000 });
    const views = new Views();
    await log.join(views.onView);
    await views.settled();
    const { length } = views.seen;
    await servers.kill("SIGTERM");
    await servers.restart();
    await eventually("appends go on", () => appends(log));
    const seen = topic.troubles.length;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(topic.troubles.length).toBe(seen);
    expect(views.last?.state).toBe("settled");
    expect(views.seen.length - length).toBeLessThanOrEqual(2);
  },
  START_MS,
);

test(
  "Kafka is away at the start: joining, reading and appending begin when it comes",
  async () => {
    await servers.kill();
    const log = topic.openLog();
    const views = new Views();
    const membership = await log.join(views.onView);
    const reader = log.openReader({ partition: 0, fromOffset: 0 });
    await expect(reader.read(LIMITS)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
    await expect(log.partitionCount()).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
    await expect(log.append(request)).rejects.toMatchObject({
      code: "LOG_UNAVAILABLE",
      certain: true,
      retryable: true,
    });
    await eventually("it is reported", () => topic.troubles.length > 1);
    // With back-off: no storm of attempts.
    const before = topic.troubles.length;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(topic.troubles.length - before).toBeLessThan(20);
    expect(views.seen).toEqual([]);
    const others = topic.openLog();
    const left = await others.join(() => undefined);
    const started = performance.now();
    await left.leave();
    expect(performance.now() - started).toBeLessThan(5_000);
    await servers.restart();
    await views.settled();
    await eventually("appends go on", () => appends(log));
    await eventually("the reader goes on", () => reader.read(LIMITS).catch(() => null));
    await membership.leave();
  },
  START_MS,
);

test(
  "a broker that hangs: what it may have taken is unknown, and all goes on when it wakes",
  async () => {
    const log = topic.openLog();
    const views = new Views();
    await log.join(views.onView);
    await views.settled();
    const { offset } = await log.append(request);
    const reader = log.openReader({ partition: 0, fromOffset: offset + 1 });
    await servers.pause();
    const [append, read] = await Promise.allSettled([log.append(request), reader.read(LIMITS)]);
    expect(append).toMatchObject({ reason: { code: "APPEND_UNKNOWN", certain: false } });
    expect(read).toMatchObject({ reason: { code: "LOG_UNAVAILABLE" } });
    await eventually("the group is lost", () => views.last?.state === "lost");
    await servers.resume();
    await eventually("appends go on", () => appends(log));
    await eventually("the reader goes on", () => reader.read(LIMITS).catch(() => null));
    await views.settled();
  },
  START_MS,
);
