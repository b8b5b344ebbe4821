import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@horae/client";
import { createClient } from "@horae/client";
import type { HandlerTask, HoraeError } from "@horae/core";

import { EventRecorder } from "@horae/testkit";
import type { HoraeNode, NodeOptions } from "../src/index.ts";
import { createNode } from "../src/index.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(30_000);

const QUEUE = { name: "billing", partitions: 4, bucketMs: 60_000 };

describe("createNode", () => {
  const dir = useTemporaryDirectory();
  const started: (HoraeNode | Client)[] = [];

  afterEach(async () => {
    for (const one of started.splice(0)) await ("stop" in one ? one.stop() : one.close());
  });

  function node(options: Partial<NodeOptions>, recorder = new EventRecorder()) {
    const made = createNode({
      config: { queue: QUEUE, embedded: { dir: dir.path }, logging: { level: "silent" } },
      handlers: { remind: () => undefined },
      environment: {},
      telemetry: recorder,
      ...options,
    });
    started.push(made);
    return { node: made, recorder };
  }

  async function client(): Promise<Client> {
    const made = await createClient({ queue: { name: "billing" }, embedded: { dir: dir.path } });
    started.unshift(made);
    return made;
  }

  async function refusal(made: HoraeNode): Promise<HoraeError> {
    return made.start().then(
      () => Promise.reject(new Error("it started")),
      (error: unknown) => error as HoraeError,
    );
  }

  it("runs what a client schedules, and gives the handler the task", async () => {
    const tasks: HandlerTask[] = [];
    const { node: one, recorder } = node({ handlers: { remind: (task) => void tasks.push(task) } });
    await one.start();
    const scheduledTime = new Date();
    const { key } = await (
      await client()
    ).scheduleTask({
      type: "remind",
      orderingId: "customer-42",
      scheduledTime,
      uniquenessKey: "invoice-7",
      data: { n: [1] },
      headers: { traceparent: "00" },
    });
    await recorder.next("attemptEnded");
    expect(tasks).toEqual([
      {
        key,
        type: "remind",
        orderingId: "customer-42",
        scheduledTime,
        uniquenessKey: "invoice-7",
        data: { n: [1] },
        headers: { traceparent: "00" },
      },
    ]);
  });

  it("shares a queue among the nodes of a process, and takes over from one that stops", async () => {
    const ran: string[] = [];
    const recorder = new EventRecorder();
    const nodes = ["a", "b"].map((name) => {
      const handlers = {
        remind: (task: HandlerTask) => void ran.push(`${name} ${task.orderingId}`),
      };
      return node({ handlers }, recorder).node;
    });
    await Promise.all(nodes.map((one) => one.start()));
    const horae = await client();
    const schedule = (round: string) =>
      horae.scheduleTasks(
        Array.from({ length: 40 }, (_, n) => {
          return { type: "remind", orderingId: `${round}-${n}`, scheduledTime: Date.now() };
        }),
      );
    const allEnded = (round: string) =>
      Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          recorder.next("attemptEnded", ({ key }) => key.orderingId === `${round}-${n}`),
        ),
      );
    await schedule("both");
    await allEnded("both");
    await nodes[0]!.stop();
    await schedule("one");
    await allEnded("one");
    expect(ran.filter((line) => line.startsWith("b one-"))).toHaveLength(40);
    expect(new Set(ran.map((line) => line.split(" ")[1]))).toHaveProperty("size", 80);
    expect(ran).toHaveLength(80);
  });

  it("drains: a handler that runs may end, and its outcome counts", async () => {
    let release = (): void => undefined;
    const called = new Promise<void>((isCalled) => {
      node({
        handlers: {
          remind: () => {
            isCalled();
            return new Promise((resolve) => (release = () => resolve({ sent: true })));
          },
        },
      });
    });
    const one = started[0] as HoraeNode;
    await one.start();
    const horae = await client();
    const { key } = await horae.scheduleTask({
      type: "remind",
      orderingId: "a",
      scheduledTime: Date.now(),
    });
    await called;
    const stopped = one.stop();
    release();
    await stopped;

    const http = { port: 0 };
    const config = {
      queue: QUEUE,
      embedded: { dir: dir.path },
      http,
      logging: { level: "silent" },
    };
    const { node: next } = node({ config } as Partial<NodeOptions>);
    await next.start();
    const response = await fetch(`${next.url}/v1/queues/billing/tasks/${key}`);
    expect(await response.json()).toMatchObject({ status: "succeeded", result: { sent: true } });
  });

  it("takes its handlers from a table only", async () => {
    const { node: one } = node({ handlers: { remind: "nothing to call" } as never });
    expect(await refusal(one)).toMatchObject({ code: "SETTINGS_INVALID" });
  });

  it("refuses other settings of a queue that exists, and lets go of the directory", async () => {
    const { node: first } = node({});
    await first.start();
    await first.stop();
    const config = { queue: { ...QUEUE, partitions: 5 }, embedded: { dir: dir.path } };
    const { node: second } = node({ config });
    expect(await refusal(second)).toMatchObject({ code: "QUEUE_SETTINGS_MISMATCH" });
    const { node: third } = node({});
    await third.start();
  });

  it("does not start twice, nor again", async () => {
    const { node: one } = node({});
    await Promise.all([one.start(), one.start()]);
    await Promise.all([one.stop(), one.stop()]);
    expect(await refusal(one)).toMatchObject({ code: "SETTINGS_INVALID" });
  });

  it("may be stopped before it was started, and while it starts", async () => {
    await node({}).node.stop();
    const { node: other } = node({});
    const starting = other.start();
    await other.stop();
    await starting;
    expect(other.ownedPartitions).toEqual([]);
  });

  it("reads its configuration from a file", async () => {
    const file = join(dir.path, "node.yaml");
    writeFileSync(file, `queue: { name: other }\nembedded: { dir: ${join(dir.path, "data")} }\n`);
    const { node: one } = node({ config: file, environment: { HORAE_LOGGING_LEVEL: "silent" } });
    expect([one.queue.name, one.queue.partitions]).toEqual(["other", 8]);
    await one.start();
  });

  it("waits for Kafka and Cassandra that are away, says so, and may be stopped meanwhile", async () => {
    const config = {
      kafka: { brokers: ["127.0.0.1:1"] },
      cassandra: { contactPoints: ["127.0.0.1:1"], localDataCenter: "dc1" },
      logging: { level: "silent" },
    } as const;
    const { node: one, recorder } = node({ config });
    const refused = refusal(one);
    for (const operation of ["connectStore", "checkTopics", "connectStore", "checkTopics"]) {
      const event = await recorder.next("portFailed", (failed) => failed.operation === operation);
      expect(event).toMatchObject({ partition: null });
    }
    await one.stop();
    expect(["STORE_UNAVAILABLE", "LOG_UNAVAILABLE"]).toContain((await refused).code);
  });

  it("frees the directory when its port is taken", async () => {
    const config = {
      queue: QUEUE,
      embedded: { dir: dir.path },
      logging: { level: "silent" },
    } as const;
    const { node: first } = node({ config: { ...config, http: { port: 0 } } });
    await first.start();
    const port = Number(new URL(first.url!).port);
    const other = { ...config, embedded: { dir: join(dir.path, "other") }, http: { port } };
    expect(await refusal(node({ config: other }).node)).toMatchObject({
      code: "SETTINGS_INVALID",
      message: expect.stringContaining("EADDRINUSE") as string,
    });
    await node({ config: { ...other, http: { port: 0 } } }).node.start();
  });
});
