import { HoraeError } from "@horae/core";
import { FakeClock } from "@horae/testkit";
import { AppliedCommits } from "../src/applied-commits.ts";

function setup() {
  const clock = new FakeClock();
  const committed: unknown[] = [];
  const troubles: HoraeError[] = [];
  const group = { failure: null as HoraeError | null };
  const commits = new AppliedCommits({
    clock,
    isCommitable: (partition) => partition < 2,
    commit: (offsets) => {
      if (group.failure !== null) return Promise.reject(group.failure);
      committed.push(offsets);
      return Promise.resolve();
    },
    onTrouble: (error) => troubles.push(error),
  });
  return { clock, commits, committed, troubles, group };
}

test("the latest of each partition is committed, once a second", async () => {
  const { clock, commits, committed } = setup();
  commits.mark(0, 4);
  commits.mark(1, 7);
  commits.mark(0, 5);
  expect(committed).toEqual([]);
  await clock.advance(1_000);
  // Kafka's commits name the next offset.
  expect(committed).toEqual([
    [
      { partition: 0, offset: 6 },
      { partition: 1, offset: 8 },
    ],
  ]);
  await clock.advance(5_000);
  expect(committed.length).toBe(1);
});

test("partitions of other members are left alone", async () => {
  const { commits, committed } = setup();
  commits.mark(5, 1);
  await commits.flush();
  expect(committed).toEqual([]);
});

test("a commit that fails is reported and forgotten", async () => {
  const { clock, commits, committed, troubles, group } = setup();
  group.failure = new HoraeError("LOG_UNAVAILABLE", "away");
  commits.mark(0, 4);
  await clock.advance(1_000);
  expect(troubles).toEqual([group.failure]);
  group.failure = null;
  commits.mark(0, 5);
  await clock.advance(1_000);
  expect(committed).toEqual([[{ partition: 0, offset: 6 }]]);
});

test("nothing is left waiting after a close", async () => {
  const { clock, commits, committed } = setup();
  commits.mark(0, 4);
  commits.close();
  await clock.advance(5_000);
  expect(committed).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
