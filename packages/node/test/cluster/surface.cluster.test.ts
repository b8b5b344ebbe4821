import type { TaskPage } from "../../src/listing/list-tasks.ts";
import type { TaskView } from "../../src/listing/task-view.ts";
import { endsOf } from "./history.ts";
import type { NodeProcess } from "./node-process.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";

let bench: QueueBench;
let node: NodeProcess;
let base: string;
beforeAll(async () => {
  bench = await QueueBench.open({ config: { http: { port: 0 } } });
  await bench.horae("migrate");
  node = bench.startNode("node");
  base = (await node.ready()).url!;
}, START_MS);
afterAll(() => bench?.close());

const tasksPath = () => `/v1/queues/${bench.name}/tasks`;

async function ask<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
  const response = await fetch(base + path, {
    ...(body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

const ended = (keys: readonly string[]) => () =>
  keys.every((key) => endsOf(node.attempts).some((one) => one.key === key));

test("HTTP on a cluster: schedule, schedule many, show, list, readiness", async () => {
  await node.until("it owns all", () => node.events("takeOverEnded").length === 4);
  expect(await ask("/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });
  const task = { type: "work", orderingId: "a", scheduledTime: Date.now() };
  const one = await ask<{ key: string }>(tasksPath(), task);
  expect(one.status).toBe(202);
  const many = Array.from({ length: 50 }, (_, n) => ({ ...task, orderingId: `b-${n}` }));
  const batch = await ask<{ tasks: { key: string }[] }>(`${tasksPath()}:batch`, { tasks: many });
  expect(batch.status).toBe(202);
  const keys = [one.body, ...batch.body.tasks].map(({ key }) => key);
  await node.until("all have ended", ended(keys));
  const shown = await ask<TaskView>(`${tasksPath()}/${keys[0]}`);
  expect(shown).toMatchObject({ status: 200, body: { key: keys[0], type: "work" } });

  const listed: string[] = [];
  for (let token = ""; ;) {
    const query = `limit=20${token === "" ? "" : `&pageToken=${token}`}`;
    const { status, body } = await ask<TaskPage>(`${tasksPath()}?${query}`);
    expect(status).toBe(200);
    listed.push(...body.tasks.map(({ key }) => key));
    if (body.nextPageToken === null) break;
    token = body.nextPageToken;
  }
  expect(listed.toSorted()).toEqual(keys.toSorted());
  expect(await ask(tasksPath(), { type: "work" })).toMatchObject({ status: 400 });
  expect(await ask(`${tasksPath()}?status=x`)).toMatchObject({ status: 400 });
});

test("the command line on a cluster: schedule, get, list, stale, by configuration and by URL", async () => {
  const words = ["--type", "work", "--ordering-id", "cli", "--uniqueness-key", "u"];
  const out = await bench.horae("schedule", ...words, "--in", "0s", "--count", "3");
  const keys = out.trimEnd().split("\n");
  expect(keys).toHaveLength(3);
  await node.until("all have ended", ended(keys));
  const old = ["--type", "nobody", "--ordering-id", "x", "--at", "2024-02-29T00:00:00Z"];
  const oldKeys = (await bench.horae("schedule", ...old, "--count", "2")).trimEnd().split("\n");
  for (const key of oldKeys) await bench.untilPersisted(key);
  const found = JSON.parse(await bench.horae("tasks", "get", keys[0]!, "--json")) as TaskView;
  expect(found).toMatchObject({ key: keys[0], type: "work" });
  const list = JSON.parse(
    await bench.horae("tasks", "list", "--ordering-id", "cli", "--json"),
  ) as TaskPage;
  expect(list.tasks.map(({ key }) => key)).toEqual(keys);
  const stale = JSON.parse(await bench.horae("stale", "--json")) as TaskPage;
  expect(stale.tasks.map(({ key }) => key)).toEqual(oldKeys.toSorted());
  expect(await node.end("SIGTERM")).toBe(0);
});
