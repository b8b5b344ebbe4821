import { settled } from "@horae/testkit";
import type { KafkaBroker, KafkaCluster } from "../src/broker.ts";
import { ClusterLink, withFreshLeaders } from "../src/cluster-link.ts";

class FakeCluster implements KafkaCluster {
  readonly calls: string[] = [];
  readonly rotation: number;
  failure: unknown = null;
  leaders: Record<string, { partitionId: number; leader: number }[]> = {};
  nodes = [1];

  constructor(rotation: number) {
    this.rotation = rotation;
  }

  connect(): Promise<void> {
    return this.#call("connect");
  }

  disconnect(): Promise<void> {
    this.calls.push("disconnect");
    return Promise.resolve();
  }

  addMultipleTargetTopics(topics: string[]): Promise<void> {
    return this.#call(`add ${topics.join(" ")}`);
  }

  refreshMetadata(): Promise<void> {
    return this.#call("refresh");
  }

  getNodeIds(): string[] {
    return this.nodes.map(String);
  }

  async findBroker({ nodeId }: { nodeId: string }): Promise<KafkaBroker> {
    await this.#call(`find ${nodeId}`);
    const broker = {
      nodeId: Number(nodeId),
      connectionPool: { host: "h", port: Number(nodeId) },
      disconnect: () => this.#call(`disconnect ${nodeId}`),
    };
    return broker as unknown as KafkaBroker;
  }

  removeBroker({ host, port }: { host: string; port: number }): void {
    this.calls.push(`remove ${host}:${port}`);
  }

  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[] {
    return this.leaders[topic] ?? [];
  }

  fetchTopicsOffset(): Promise<{ topic: string; partitions: never[] }[]> {
    return Promise.resolve([]);
  }

  #call(name: string): Promise<void> {
    this.calls.push(name);
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }
}

function setup(prepare: (cluster: FakeCluster) => void = () => undefined) {
  const opened: FakeCluster[] = [];
  const link = new ClusterLink({
    topics: ["t"],
    brokers: 2,
    open: (rotation) => {
      const cluster = new FakeCluster(rotation);
      prepare(cluster);
      opened.push(cluster);
      return cluster;
    },
  });
  return { link, opened };
}

test("it connects when it is asked for something, once", async () => {
  const { link, opened } = setup((cluster) => {
    cluster.leaders = {
      t: [
        { partitionId: 1, leader: 7 },
        { partitionId: 0, leader: -1 },
      ],
    };
  });
  expect(opened).toEqual([]);
  const leaders = await Promise.all([link.leaders("t"), link.leaders("t")]);
  expect(leaders).toEqual([
    [-1, 7],
    [-1, 7],
  ]);
  expect(opened[0]!.calls).toEqual(["connect", "add t"]);
  await link.refresh();
  expect(opened[0]!.calls.slice(2)).toEqual(["connect", "refresh"]);
});

test("a topic that is not there is said to be so", async () => {
  const { link } = setup();
  await expect(link.leaders("t")).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    message: expect.stringContaining("t does not exist"),
  });
});

test("each broker is asked before a call fails, and the next one first by the next call", async () => {
  const failure = new Error("away");
  const { link, opened } = setup((cluster) => {
    cluster.failure = cluster.rotation < 3 ? failure : null;
  });
  await expect(link.nodeIds()).rejects.toBe(failure);
  expect(opened.length).toBe(2);
  expect(await link.nodeIds()).toEqual([1]);
  expect(opened.map(({ rotation }) => rotation)).toEqual([0, 1, 2, 3]);
  // What failed is thrown away as a whole.
  expect(opened.map(({ calls }) => calls.includes("disconnect"))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test("a broker that is not known is asked for once more", async () => {
  const { link, opened } = setup();
  await link.broker(1);
  await link.broker(2);
  expect(opened[0]!.calls).toEqual(["connect", "add t", "find 1", "connect", "refresh", "find 2"]);
});

test("a dropped broker is disconnected and forgotten", async () => {
  const { link, opened } = setup();
  link.drop(await link.broker(1));
  expect(opened[0]!.calls.slice(-2)).toEqual(["remove h:1", "disconnect 1"]);
});

test("a closed link opens nothing any more", async () => {
  const { link, opened } = setup();
  await link.nodeIds();
  await link.close();
  expect(opened[0]!.calls.at(-1)).toBe("disconnect");
  await expect(link.nodeIds()).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  expect(opened.length).toBe(1);
});

test("a link that is closed while it connects leaves no connection behind", async () => {
  const { link, opened } = setup();
  const connecting = link.refresh();
  await link.close();
  await connecting;
  await settled();
  expect(opened[0]!.calls.at(-1)).toBe("disconnect");
});

test("bounds of a partition that no broker knows are not available", async () => {
  const { link } = setup();
  await expect(link.bounds("t", 9)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
});

test("a call is made once more with fresh metadata, and then translated", async () => {
  const { link, opened } = setup();
  let calls = 0;
  const call = (): Promise<number> => {
    calls++;
    return calls === 1 ? Promise.reject(new Error("moved")) : Promise.resolve(calls);
  };
  expect(await withFreshLeaders(link, "look", call)).toBe(2);
  expect(opened[0]!.calls).toEqual(["connect", "add t"]);
  const fails = (): Promise<number> => Promise.reject(new Error("away"));
  await expect(withFreshLeaders(link, "look", fails)).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    message: expect.stringContaining("look: away"),
  });
});
