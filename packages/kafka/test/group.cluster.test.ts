import { eventually, openTopic, requestFor, START_MS, type TestTopic, Views } from "./cluster.ts";

const PARTITIONS = 8;

let topic: TestTopic;

beforeEach(async () => {
  topic = await openTopic({ partitions: PARTITIONS });
}, START_MS);

afterEach(() => topic.close());

const all = Array.from({ length: PARTITIONS }, (_, i) => i);

test("one member has all partitions, two share them, and a leaver's go back", async () => {
  const a = new Views();
  const b = new Views();
  await topic.openLog({ memberName: "a" }).join(a.onView);
  expect(await a.settled()).toEqual(all);
  const membership = await topic.openLog({ memberName: "b" }).join(b.onView);
  const ofB = await b.settled();
  const ofA = await a.settled((partitions) => partitions.length === 4);
  expect([...ofA, ...ofB].toSorted((x, y) => x - y)).toEqual(all);
  // Sticky: what a keeps it had, and b has got only what a gave up.
  expect(ofA).toEqual([0, 1, 2, 3]);
  const seen = b.seen.length;
  await membership.leave();
  await membership.leave();
  expect(await a.settled((partitions) => partitions.length === PARTITIONS)).toEqual(all);
  expect(b.seen.length).toBe(seen);
  expect(a.seen.map(({ state }) => state)).toEqual([
    "settled",
    "joining",
    "settled",
    "joining",
    "settled",
  ]);
});

test("the first view is settled, and joining shows what was last assigned", async () => {
  const a = new Views();
  const log = topic.openLog();
  await log.join(a.onView);
  await a.settled();
  expect(a.seen[0]).toEqual({ state: "settled", partitions: all, watched: [] });
  await topic.openLog().join(() => undefined);
  await a.settled((partitions) => partitions.length === 4);
  expect(a.seen[1]).toEqual({ state: "joining", partitions: all, watched: [] });
});

test("a third member takes the fewest partitions from the others", async () => {
  const views = [new Views(), new Views(), new Views()];
  await topic.openLog({ memberName: "a" }).join(views[0]!.onView);
  await topic.openLog({ memberName: "b" }).join(views[1]!.onView);
  const before = await Promise.all(
    views.slice(0, 2).map((view) => view.settled((partitions) => partitions.length === 4)),
  );
  await topic.openLog({ memberName: "c" }).join(views[2]!.onView);
  const after = await Promise.all(
    views.map((view) => view.settled((partitions) => partitions.length < 4)),
  );
  expect(after.map(({ length }) => length).toSorted((x, y) => x - y)).toEqual([2, 3, 3]);
  for (const [index, held] of before.entries()) {
    expect(held).toEqual(expect.arrayContaining([...after[index]!]));
  }
});

test("members of one log are members of one group", async () => {
  const log = topic.openLog();
  const views = [new Views(), new Views()];
  for (const view of views) await log.join(view.onView);
  const held = await Promise.all(
    views.map((view) => view.settled((partitions) => partitions.length === 4)),
  );
  expect(held.flat().toSorted((x, y) => x - y)).toEqual(all);
});

test("a reader goes on through rebalances, whoever is assigned the partition", async () => {
  const log = topic.openLog();
  const views = new Views();
  await log.join(views.onView);
  await views.settled();
  const reader = log.openReader({ partition: 7, fromOffset: 0 });
  const request = { ...requestFor("a", PARTITIONS), partition: 7 };
  const limits = { recordsMax: 1, bytesMax: 1 };
  let slowest = 0;
  for (let round = 0; round < 3; round++) {
    const other = await topic.openLog().join(() => undefined);
    for (let i = 0; i < 20; i++) {
      const started = performance.now();
      await log.append(request);
      await reader.read(limits);
      slowest = Math.max(slowest, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await other.leave();
  }
  expect(views.seen.filter(({ state }) => state === "joining").length).toBeGreaterThan(1);
  expect(slowest).toBeLessThan(3_000);
});

test("applied offsets of assigned partitions are committed, for those who watch the lag", async () => {
  const log = topic.openLog();
  const views = new Views();
  const membership = await log.join(views.onView);
  await views.settled();
  await log.append({ ...requestFor("a", PARTITIONS), partition: 3 });
  await log.markApplied({ partition: 3, offset: 0 });
  await log.markApplied({ partition: 99, offset: 7 });
  const { topic: name, groupId } = topic.settings;
  const admin = topic.kafka.admin();
  await admin.connect();
  const committed = async (partition: number): Promise<string | undefined> => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [name] });
    return found?.partitions.find((entry) => entry.partition === partition)?.offset;
  };
  await eventually("the offset is committed", async () => (await committed(3)) === "1");
  await log.append({ ...requestFor("a", PARTITIONS), partition: 3 });
  await log.markApplied({ partition: 3, offset: 1 });
  // At the latest when the member leaves.
  await membership.leave();
  expect(await committed(3)).toBe("2");
  await admin.disconnect();
  expect(topic.troubles).toEqual([]);
});

test("Kafka's tools can read what the members hold", async () => {
  const views = new Views();
  await topic.openLog({ memberName: "node-a" }).join(views.onView);
  await views.settled();
  const admin = topic.kafka.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([topic.settings.groupId]);
  await admin.disconnect();
  expect(groups[0]).toMatchObject({ state: "Stable", protocol: "horae-sticky" });
  expect(groups[0]!.members.length).toBe(1);
});
