import { lowerBoundKey } from "@horae/core";
import { Lane } from "../src/lane.ts";
import { LaneSchedule } from "../src/lane-schedule.ts";
import { keyOf, loadedTask, statusOf } from "./rows.ts";

const BOUND = lowerBoundKey(1_000_000);

function laneOf(...tasks: ReturnType<typeof loadedTask>[]): Lane {
  const lane = new Lane("a");
  for (const task of tasks) lane.insert(task, 0);
  return lane;
}

describe("Lane", () => {
  it("offers the smallest key first, whatever the order of arrival", () => {
    const lane = laneOf(loadedTask(keyOf(30)), loadedTask(keyOf(10)), loadedTask(keyOf(20)));
    expect(lane.offer(BOUND, 0)).toMatchObject({ task: { key: keyOf(10) }, atMs: 10 });
  });

  it("offers nothing while a task is under way", () => {
    const lane = laneOf(loadedTask(keyOf(10)), loadedTask(keyOf(20)));
    lane.active = lane.tasks[1]!;
    expect(lane.offer(BOUND, 100)).toBeNull();
  });

  it("waits behind a retry under `block`", () => {
    const retrying = loadedTask(keyOf(10), { status: statusOf({ nextAttemptAtMs: 500 }) });
    expect(laneOf(retrying, loadedTask(keyOf(20))).offer(BOUND, 100)?.atMs).toBe(500);
  });

  it("goes on past a retry under `skip`, and back to it when both are due", () => {
    const retrying = loadedTask(keyOf(10), {
      options: { onRetry: "skip" },
      status: statusOf({ nextAttemptAtMs: 500 }),
    });
    const lane = laneOf(retrying, loadedTask(keyOf(20)));
    expect(lane.offer(BOUND, 100)?.task.key).toEqual(keyOf(20));
    expect(lane.offer(BOUND, 600)?.task.key).toEqual(keyOf(10));
  });

  it("offers nothing at or above what was read, or what was left out", () => {
    const lane = laneOf(loadedTask(keyOf(10)));
    expect(lane.offer(keyOf(10), 100)).toBeNull();
    lane.leftOutFrom = keyOf(5);
    expect(lane.offer(BOUND, 100)).toBeNull();
  });

  it("holds a task whose newer data are being written", () => {
    const lane = laneOf(loadedTask(keyOf(10)));
    lane.tasks[0]!.state = "held";
    expect(lane.offer(BOUND, 100)).toBeNull();
  });
});

describe("LaneSchedule", () => {
  it("gives lanes in the order of their offers and forgets stale ones", () => {
    const schedule = new LaneSchedule();
    const lanes = [50, 20, 40, 10, 30].map((atMs) => {
      const lane = new Lane(String(atMs));
      schedule.set(lane, atMs);
      return lane;
    });
    schedule.set(lanes[3]!, 45);
    schedule.set(lanes[1]!, null);
    expect(schedule.nextAtMs).toBe(30);
    expect(schedule.take(29)).toBeNull();
    const order = [];
    for (let lane = schedule.take(100); lane !== null; lane = schedule.take(100)) {
      order.push(lane.orderingId);
    }
    expect(order).toEqual(["30", "40", "10", "50"]);
  });
});
