import type { GroupView, HoraeError } from "@horae/core";
import { FakeClock, settled } from "@horae/testkit";
import type { JoinedGroup } from "../src/broker.ts";
import type { GroupCoordinator, Membership } from "../src/group-coordinator.ts";
import { GroupMember } from "../src/group-member.ts";
import { assignMembers, decodeMember } from "../src/member-metadata.ts";
import { kafkaJsError } from "./kafkajs-error.ts";

const SESSION_MS = 9_000;
const HEARTBEAT_MS = 1_000;

const refusal = (type: string): Error => kafkaJsError({ name: "KafkaJSProtocolError", type });
const connectionLost = kafkaJsError({ name: "KafkaJSConnectionClosedError" });

/** A coordinator with this member alone, unless the test says otherwise. */
class FakeCoordinator implements GroupCoordinator {
  readonly joins: { memberId: string; held: readonly number[] }[] = [];
  readonly committed: { membership: Membership; offsets: unknown }[] = [];
  readonly left: string[] = [];
  heartbeats = 0;
  drops = 0;
  generationId = 0;
  leaderId = "m1";
  /** Thrown by the requests with this name. */
  failures: Partial<Record<"find" | "join" | "sync" | "heartbeat" | "leave" | "commit", Error>> =
    {};

  find(): Promise<GroupCoordinator> {
    this.#throw("find");
    return Promise.resolve(this);
  }

  join({ memberId, metadata }: { memberId: string; metadata: Buffer }): Promise<JoinedGroup> {
    this.joins.push({ memberId, held: decodeMember(metadata).held });
    this.#throw("join");
    const given = memberId === "" ? `m${this.joins.length}` : memberId;
    if (this.leaderId !== "other") this.leaderId = given;
    this.generationId++;
    const members = [{ memberId: given, memberMetadata: metadata }];
    const { generationId, leaderId } = this;
    return Promise.resolve({ generationId, leaderId, memberId: given, members });
  }

  sync(request: Parameters<GroupCoordinator["sync"]>[0]): Promise<Buffer> {
    this.#throw("sync");
    const own = request.assignments[0] ?? this.#fromOther(request.membership.memberId);
    return Promise.resolve(own.memberAssignment);
  }

  heartbeat(): Promise<void> {
    this.heartbeats++;
    this.#throw("heartbeat");
    return Promise.resolve();
  }

  leave(memberId: string): Promise<void> {
    this.left.push(memberId);
    this.#throw("leave");
    return Promise.resolve();
  }

  commit(membership: Membership, offsets: readonly unknown[]): Promise<void> {
    this.#throw("commit");
    this.committed.push({ membership, offsets });
    return Promise.resolve();
  }

  drop(): void {
    this.drops++;
  }

  #throw(operation: keyof FakeCoordinator["failures"]): void {
    const failure = this.failures[operation];
    if (failure !== undefined) throw failure;
  }

  #fromOther(memberId: string): { memberAssignment: Buffer } {
    const members = [{ memberId, memberMetadata: Buffer.alloc(0) }];
    return assignMembers(members, { topic: "t", partitionCount: 2 })[0]!;
  }
}

function setup(prepare: (coordinator: FakeCoordinator) => void = () => undefined) {
  const clock = new FakeClock();
  const coordinator = new FakeCoordinator();
  prepare(coordinator);
  const views: GroupView[] = [];
  const troubles: HoraeError[] = [];
  const member = new GroupMember({
    topic: "t",
    name: "node",
    sessionTimeoutMs: SESSION_MS,
    heartbeatIntervalMs: HEARTBEAT_MS,
    findCoordinator: async () => coordinator.find(),
    partitionCount: () => Promise.resolve(4),
    clock,
    onView: (view) => views.push(view),
    onTrouble: (error) => troubles.push(error),
  });
  const states = (): string[] => views.map(({ state }) => state);
  return { clock, coordinator, views, states, troubles, member };
}

test("joins, assigns as leader, and heartbeats", async () => {
  const { clock, coordinator, views, member, troubles } = setup();
  await settled();
  expect(views).toMatchObject([{ state: "settled", partitions: [0, 1, 2, 3] }]);
  expect(member.settledPartitions).toEqual([0, 1, 2, 3]);
  await clock.advance(3 * HEARTBEAT_MS);
  expect(coordinator.heartbeats).toBe(3);
  expect(views.length).toBe(1);
  expect(troubles).toEqual([]);
  await member.leave();
});

test("takes what another leader has assigned", async () => {
  const { views } = setup((coordinator) => {
    coordinator.leaderId = "other";
  });
  await settled();
  expect(views).toMatchObject([{ state: "settled", partitions: [0, 1] }]);
});

test.each(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION"])(
  "%s: joins again at once, and tells what it holds",
  async (type) => {
    const { clock, coordinator, views, states } = setup();
    await settled();
    coordinator.failures.heartbeat = refusal(type);
    await clock.advance(HEARTBEAT_MS);
    expect(states()).toEqual(["settled", "joining", "settled"]);
    expect(views[1]!.partitions).toEqual([0, 1, 2, 3]);
    expect(coordinator.joins).toEqual([
      { memberId: "", held: [] },
      { memberId: "m1", held: [0, 1, 2, 3] },
    ]);
  },
);

test("a member that was forgotten joins as a new one", async () => {
  const { clock, coordinator, states } = setup();
  await settled();
  coordinator.failures.heartbeat = refusal("UNKNOWN_MEMBER_ID");
  await clock.advance(HEARTBEAT_MS);
  expect(coordinator.joins[1]).toEqual({ memberId: "", held: [0, 1, 2, 3] });
  expect(states()).toEqual(["settled", "joining", "settled"]);
});

test("a round that is overtaken by the next one is joined again", async () => {
  const { clock, coordinator, states, member } = setup((prepared) => {
    prepared.failures.sync = refusal("REBALANCE_IN_PROGRESS");
  });
  await settled();
  const { length } = coordinator.joins;
  expect(length).toBeGreaterThan(1);
  // No storm: from the fourth on with pauses.
  await clock.advance(10_000);
  expect(coordinator.joins.length - length).toBeLessThan(15);
  expect(states()).toEqual([]);
  coordinator.failures = {};
  await clock.advance(1_000);
  expect(states()).toEqual(["settled"]);
  await member.leave();
});

test("a short absence of the coordinator shows nothing; a long one is lost, until it answers", async () => {
  const { clock, coordinator, views, states, troubles, member } = setup();
  await settled();
  coordinator.failures = { heartbeat: connectionLost, find: connectionLost };
  await clock.advance(SESSION_MS - 1_000);
  expect(states()).toEqual(["settled"]);
  expect(troubles.length).toBeGreaterThan(3);
  expect(coordinator.drops).toBe(1);
  await clock.advance(4_000);
  expect(states()).toEqual(["settled", "lost"]);
  expect(views[1]!.partitions).toEqual([0, 1, 2, 3]);
  expect(member.settledPartitions).toEqual([]);
  coordinator.failures = {};
  await clock.advance(2_000);
  // It still knows this member: no rebalance.
  expect(states()).toEqual(["settled", "lost", "settled"]);
  expect(coordinator.joins.length).toBe(1);
});

test("a coordinator that has moved is looked for; it is trouble when it goes on moving", async () => {
  const { clock, coordinator, states, troubles } = setup();
  await settled();
  coordinator.failures.heartbeat = refusal("NOT_COORDINATOR_FOR_GROUP");
  await clock.advance(HEARTBEAT_MS);
  expect(coordinator.drops).toBe(0);
  expect(troubles).toEqual([]);
  await clock.advance(2 * HEARTBEAT_MS);
  expect(troubles.length).toBeGreaterThan(0);
  coordinator.failures = {};
  await clock.advance(HEARTBEAT_MS);
  expect(states()).toEqual(["settled"]);
});

test("nothing is shown before the group has answered", async () => {
  const { clock, coordinator, states, troubles } = setup((prepared) => {
    prepared.failures.find = connectionLost;
  });
  await clock.advance(3 * SESSION_MS);
  expect(states()).toEqual([]);
  // With pauses of a second.
  expect(troubles.length).toBeLessThan(40);
  coordinator.failures = {};
  await clock.advance(1_000);
  expect(states()).toEqual(["settled"]);
});

test("a group that cannot be joined is reported, and tried again", async () => {
  const { clock, troubles } = setup((coordinator) => {
    coordinator.failures.join = refusal("INCONSISTENT_GROUP_PROTOCOL");
  });
  await clock.advance(3_000);
  expect(troubles[0]).toMatchObject({
    code: "LOG_UNAVAILABLE",
    message: expect.stringContaining("INCONSISTENT_GROUP_PROTOCOL"),
  });
});

test("who leaves says so, once, and sees nothing any more", async () => {
  const { clock, coordinator, states, member } = setup();
  await settled();
  await member.leave();
  await member.leave();
  expect(coordinator.left).toEqual(["m1"]);
  coordinator.failures.heartbeat = refusal("REBALANCE_IN_PROGRESS");
  await clock.advance(10_000);
  expect(states()).toEqual(["settled"]);
  expect(clock.pendingTimers).toBe(0);
});

test("leaving while the coordinator is away ends all the same", async () => {
  const { clock, coordinator, troubles, member } = setup();
  await settled();
  coordinator.failures = { leave: connectionLost };
  const leaving = member.leave();
  await clock.advance(5_000);
  await leaving;
  expect(troubles.at(-1)?.message).toContain("leave the group");
});

test("commits go to a settled group only", async () => {
  const { clock, coordinator, member } = setup();
  const offsets = [{ partition: 0, offset: 7 }];
  await member.commit(offsets);
  expect(coordinator.committed).toEqual([]);
  await settled();
  await member.commit(offsets);
  await member.commit([]);
  const membership = { memberId: "m1", generationId: 1 };
  expect(coordinator.committed).toEqual([{ membership, offsets }]);
  coordinator.failures.commit = connectionLost;
  await expect(member.commit(offsets)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  await clock.advance(0);
});
