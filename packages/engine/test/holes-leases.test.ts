import {
  HoraeError,
  type Lease,
  type LeaseStore,
  type LeaseSwap,
  type TaskStore,
} from "@horae/core";
import { MemoryLog } from "@horae/testkit";
import { HeldLease, momentOf } from "../src/held-lease.ts";
import type { Engine } from "../src/index.ts";
import { LeaseAcquirer } from "../src/lease-acquirer.ts";
import { acquiredLease } from "../src/lease-rules.ts";
import { EngineBench } from "./engine-bench.ts";
import { Faults, isSwapOf } from "./faults.ts";

let bench: EngineBench;
let store: Faults;
let leases: Faults;
let log: Faults;

beforeEach(() => {
  bench = new EngineBench();
  store = new Faults(bench.store);
  leases = new Faults(bench.leases);
  log = new Faults(bench.log);
});

afterEach(async () => {
  for (const faults of [store, leases, log]) faults.releaseAll();
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

async function leaseRow(): Promise<Lease> {
  return (await bench.leases.read(0))!;
}

const HANG = (): Promise<never> => new Promise(() => undefined);

describe("the lease row", () => {
  it("refuses an older renewal that lands after a newer one (protocol 1.1)", async () => {
    await bench.engine().start();
    await bench.clock.advance(500);
    leases.lose("compareAndSet", "before");
    const before = leases.calls.length;
    await bench.clock.advance(3_000);
    const late = leases.calls.slice(before).find((call) => call.operation === "compareAndSet")!;
    const newer = await leaseRow();
    expect(bench.events.count("leaseRenewed")).toBeGreaterThan(1);
    expect(await bench.leases.compareAndSet(late.args[0] as LeaseSwap)).toBe(false);
    expect(await leaseRow()).toEqual(newer);
  });

  it("goes on from what a read shows after a renewal that landed without an answer (protocol 1.1)", async () => {
    await bench.engine().start();
    await bench.clock.advance(500);
    leases.lose("compareAndSet", "after");
    await bench.clock.advance(20_000);
    expect((await leaseRow()).epoch).toBe(1);
    expect(bench.events.count("leaseSuspended")).toBe(0);
    await bench.schedule({});
    await bench.untilFinished(1);
  });

  it("grants only the timestamps that a read shows when the answer is unknown (protocol 1.1)", async () => {
    const { clock } = bench;
    const holder = { owner: "n0#x", ownerUrl: null, periodMs: 3_000 };
    const row = acquiredLease(null, holder, clock.nowMs());
    await bench.leases.compareAndSet({ partition: 0, expected: null, lease: row });
    const held = new HeldLease({
      partition: 0,
      row,
      timestampsAbove: 0,
      sentAt: momentOf(clock),
      clock,
      leases: bench.leases,
      telemetry: bench.events,
    });
    await clock.advance(1_000);
    leases.lose("compareAndSet", "before");
    expect(await held.renew(row.checkpoint)).toBe(false);
    clock.stepWall(3_600_000);
    expect(held.timestamps.next()).toBe((await leaseRow()).tsUpper);
    expect(held.timestamps.next()).toBeNull();
    expect(held.isLost).toBe(false);
  });

  it("grants what it shows when a try to acquire it had no answer and an earlier one landed late (model: acquireByRow)", async () => {
    const { clock } = bench;
    const swaps: LeaseSwap[] = [];
    const late: LeaseStore = {
      read: (partition) => bench.leases.read(partition),
      nowMs: () => bench.leases.nowMs(),
      compareAndSet: async (swap) => {
        if (swaps.push(swap) > 2) return bench.leases.compareAndSet(swap);
        if (swaps.length === 2) expect(await bench.leases.compareAndSet(swaps[0]!)).toBe(true);
        throw new HoraeError("STORE_UNKNOWN", "no answer", { certain: false });
      },
    };
    const holder = { owner: "n0#x", ownerUrl: null, periodMs: 3_000 };
    const telemetry = bench.events;
    const options = { partition: 0, holder, clock, leases: late, telemetry, mayAsk: () => true };
    const acquiring = new LeaseAcquirer(options).acquire(new AbortController().signal);
    await clock.advance(1_000);
    const held = (await acquiring)!;
    const { tsUpper } = await leaseRow();
    expect(swaps[1]!.lease.tsUpper).toBeGreaterThan(tsUpper);
    // Since when the row is there nobody knows.
    expect(held.isValid()).toBe(false);
    clock.stepWall(3_600_000);
    expect(held.timestamps.next()).toBe(tsUpper);
    expect(held.timestamps.next()).toBeNull();
    expect(await held.renew(held.checkpoint)).toBe(true);
    expect(held.isValid()).toBe(true);
  });

  it("is not taken when the holder's renewal lands at the last moment (protocol 1.2)", async () => {
    const first = bench.engine();
    await first.start();
    await bench.clock.advance(2_000);
    bench.kill(first);
    await bench.engine({}, "n1").start();
    const taking = leases.hold("compareAndSet", "before", isSwapOf("n1", 2));
    await bench.clock.advanceUntil(() => taking.call !== undefined);
    const row = await leaseRow();
    const { epoch, renewal } = row;
    const lease = { ...row, renewal: renewal + 1, tsUpper: row.tsUpper + 5 };
    expect(await bench.leases.compareAndSet({ partition: 0, expected: row, lease })).toBe(true);
    const renewedAtMs = bench.clock.monotonicMs();
    taking.release();
    await bench.clock.advance(2_900);
    expect((await leaseRow()).epoch).toBe(epoch);
    await bench.clock.advanceUntil(() => bench.events.of("leaseAcquired").length === 2);
    expect(bench.clock.monotonicMs() - renewedAtMs).toBeGreaterThanOrEqual(3_000);
    expect(renewal).toBeGreaterThan(1);
  });

  it("is not taken on what was read before the holder's renewal landed (protocol 1.2)", async () => {
    const first = bench.engine();
    await first.start();
    await bench.clock.advance(2_000);
    bench.kill(first);
    const startedAtMs = bench.clock.monotonicMs();
    await bench.engine().start();
    const isLast = (): boolean => bench.clock.monotonicMs() >= startedAtMs + 3_000;
    const reading = leases.hold("read", "after", isLast);
    await bench.clock.advanceUntil(() => reading.call !== undefined);
    const row = await leaseRow();
    const lease = { ...row, renewal: row.renewal + 1, tsUpper: row.tsUpper + 5 };
    expect(await bench.leases.compareAndSet({ partition: 0, expected: row, lease })).toBe(true);
    reading.release();
    await bench.clock.advance(2_900);
    expect((await leaseRow()).epoch).toBe(row.epoch);
    await bench.clock.advance(300);
    expect((await leaseRow()).epoch).toBe(row.epoch + 1);
  });

  it("is waited for as long as its holder's period says (protocol 1.30)", async () => {
    const first = bench.engine({ leasePeriodMs: 10_000 });
    await first.start();
    await bench.clock.advance(1_000);
    bench.kill(first);
    await bench.engine({ leasePeriodMs: 1_000 }).start();
    await bench.clock.advance(9_900);
    expect(bench.events.count("leaseAcquired")).toBe(1);
    await bench.clock.advance(1_000);
    expect(bench.events.count("leaseAcquired")).toBe(2);
  });
});

describe("a release", () => {
  const isRelease = (args: readonly unknown[]): boolean =>
    (args[0] as LeaseSwap).lease.owner === null;

  async function startOwner(): Promise<Engine> {
    const node = bench.engine();
    await node.start();
    await bench.clock.advanceUntil(() => bench.events.count("takeOverEnded") === 1);
    return node;
  }

  it("comes after the writes of a take-over that it ends: the next owner's range begins above them (S8)", async () => {
    const first = bench.engine();
    await first.start();
    bench.onTask((_, { attempt }) => (attempt === 1 ? HANG() : undefined));
    await bench.schedule({});
    await bench.untilStarts(1);
    bench.kill(first);
    const settling = store.hold("recordStatuses", "before");
    const second = bench.engine();
    await second.start();
    await bench.clock.advanceUntil(() => settling.call !== undefined);
    const stopped = second.stop();
    await bench.clock.advance(1_000);
    expect((await leaseRow()).owner).not.toBeNull();
    settling.release();
    await bench.clock.advance(1_000);
    await stopped;
    const { owner, tsUpper } = await leaseRow();
    expect(owner).toBeNull();
    const [{ timestamp }] = settling.call!.args as [{ timestamp: number }];
    expect(tsUpper).toBeGreaterThanOrEqual(timestamp);
    await bench.engine().start();
    await bench.untilFinished(1);
  });

  it("is told when its answer is lost and it has landed (row 20 of the faults)", async () => {
    const node = await startOwner();
    leases.lose("compareAndSet", "after", isRelease);
    const stopped = node.stop();
    await bench.clock.advance(1_000);
    await stopped;
    expect((await leaseRow()).owner).toBeNull();
    expect(bench.events.count("leaseReleased")).toBe(1);
    expect(bench.events.count("leaseLost")).toBe(0);
  });

  it("is tried again when the store refuses it, and told when a first try had landed", async () => {
    const node = await startOwner();
    leases.lose("compareAndSet", "after", isRelease);
    leases.refuse("read", "STORE_UNAVAILABLE");
    const stopped = node.stop();
    await bench.clock.advance(1_000);
    expect(bench.events.count("leaseReleased")).toBe(0);
    leases.releaseAll();
    await bench.clock.advance(200);
    await stopped;
    expect((await leaseRow()).owner).toBeNull();
    expect(bench.events.count("leaseReleased")).toBe(1);
    expect(bench.events.count("leaseLost")).toBe(0);
  });

  it("is a loss when the store refuses it until the lease is not valid any more", async () => {
    const node = await startOwner();
    const { periodMs } = await leaseRow();
    leases.refuse("compareAndSet", "STORE_UNAVAILABLE");
    const stopped = node.stop();
    await bench.clock.advance(periodMs);
    await stopped;
    expect(bench.events.of("portFailed")).toMatchObject([
      { operation: "releaseLease", code: "STORE_UNAVAILABLE" },
    ]);
    expect(bench.events.count("leaseLost")).toBe(1);
  });

  it("is a loss when another node has taken the lease before it", async () => {
    const node = await startOwner();
    const releasing = leases.hold("compareAndSet", "before", isRelease);
    const stopped = node.stop();
    await bench.clock.advanceUntil(() => releasing.call !== undefined);
    const row = await leaseRow();
    const { epoch, renewal } = row;
    const lease = { ...row, owner: "other#1", epoch: epoch + 1, renewal: renewal + 1 };
    await bench.leases.compareAndSet({ partition: 0, expected: { epoch, renewal }, lease });
    releasing.release();
    await bench.clock.advance(1_000);
    await stopped;
    expect(bench.events.count("leaseReleased")).toBe(0);
    expect(bench.events.count("leaseLost")).toBe(1);
  });
});

describe("a suspended owner", () => {
  it("writes and starts nothing until it has renewed, and resumes (protocol 1.31)", async () => {
    await bench.engine().start();
    await bench.schedule({ atMs: 5_000, uniquenessKey: "known" });
    await bench.clock.advance(1_900);
    const renewal = leases.hold("compareAndSet", "before");
    bench.clock.stepWall(10_000);
    const before = store.calls.length;
    await bench.schedule({ orderingId: "b", uniquenessKey: "appended meanwhile" });
    await bench.clock.advance(2_000);
    expect(renewal.call).toBeDefined();
    expect(bench.starts).toEqual([]);
    expect(store.calls.slice(before).filter(isWrite)).toEqual([]);
    expect(bench.events.count("leaseSuspended")).toBe(1);
    renewal.release();
    await bench.untilFinished(2);
    expect(bench.events.count("leaseResumed")).toBe(1);
    expect(bench.starts.map(({ epoch }) => epoch)).toEqual([1, 1]);
  });

  it("does not start what it had claimed ahead (design 4, fence in time)", async () => {
    await bench.engine().start();
    await bench.schedule({ atMs: 5_000 });
    await bench.clock.advance(4_950);
    expect(bench.events.count("claimsAppended")).toBe(1);
    const renewal = leases.hold("compareAndSet", "before");
    bench.clock.stepWall(10_000);
    await bench.clock.advance(1_000);
    expect(bench.starts).toEqual([]);
    renewal.release();
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ attempt: 1 }]);
  });
});

function isWrite({ operation }: { operation: string }): boolean {
  return !/^(load|find)/.test(operation);
}

describe("a wall clock that is set back", () => {
  it("loses nothing, repeats nothing, and lets fences grow (S21, S12)", async () => {
    const first = bench.engine();
    await first.start();
    const before = await bench.schedule({ uniquenessKey: "before" });
    await bench.untilFinished(1);
    bench.clock.stepWall(-40_000);
    const after = await bench.schedule({ atMs: 2_000, uniquenessKey: "after" });
    await bench.untilFinished(2);
    expect(bench.starts[1]!.atMs).toBe(after.scheduledTimeMs);
    expect(bench.starts[1]!.fence).toBeGreaterThan(bench.starts[0]!.fence);
    bench.kill(first);
    await bench.engine().start();
    await bench.clock.advance(6_000);
    await bench.schedule(before);
    await bench.schedule({ uniquenessKey: "third" });
    await bench.untilFinished(3);
    await bench.clock.advance(60_000);
    expect(bench.starts.map(({ key }) => key.split("/").at(-1))).toEqual([
      "before",
      "after",
      "third",
    ]);
  });
});

describe("a write of an older epoch", () => {
  it("changes nothing that the newer one wrote (S8)", async () => {
    bench.onTask((_, { attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    const outcome = store.hold("recordStatuses", "before");
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({});
    await bench.clock.advanceUntil(() => outcome.call !== undefined);
    bench.kill(first);
    const second = bench.engine();
    await second.start();
    await bench.untilFinished(1);
    outcome.release();
    await bench.clock.advance(20_000);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(bench.starts).toHaveLength(2);
  });
});

describe("a write without an answer", () => {
  const WRITES = ["persistTasks", "writeSummary", "appendClaims", "recordStatuses"] as const;
  const LETTER = ["writeDeadLetter"] as const;

  it.each(
    [...WRITES, ...LETTER].flatMap((name) => [[name, "before"] as const, [name, "after"] as const]),
  )(
    "is repeated with its own timestamp: %s lost %s (protocol 3)",
    async (operation: keyof TaskStore, when: "before" | "after") => {
      bench.onTask(() => {
        throw new Error("no");
      });
      store.lose(operation, when);
      await bench.engine().start();
      await bench.schedule({}, { options: { maxAttempts: 1 } });
      await bench.untilFinished(1);
      await bench.clock.advance(5_000);
      const writes = store.calls.filter((call) => call.operation === operation);
      const [lost, repeated] = writes.filter((call) => call.when === "before");
      expect(repeated!.args).toEqual(lost!.args);
      expect(bench.starts).toHaveLength(1);
    },
  );
});

describe("a log that does not continue the checkpoint", () => {
  async function ranAndStopped(): Promise<void> {
    const first = bench.engine();
    await first.start();
    for (let at = 0; at < 3; at++) await bench.schedule({ uniquenessKey: `u${at}` });
    await bench.untilFinished(3);
    await first.stop();
  }

  it("stops the partition loudly when records are gone (protocol 1.21)", async () => {
    await ranAndStopped();
    for (let at = 3; at < 6; at++) await bench.schedule({ uniquenessKey: `u${at}` });
    bench.log.dropBelow({ partition: 0, offset: 4 });
    await bench.engine().start();
    await bench.clock.advance(30_000);
    expect(bench.events.of("partitionStopped")).toMatchObject([{ partition: 0, code: "LOG_GAP" }]);
    expect(bench.starts).toHaveLength(3);
    expect((await leaseRow()).checkpoint.appliedOffset).toBe(2);
  });

  it("stops when the topic was made anew and has grown past it (protocol 1.21)", async () => {
    await ranAndStopped();
    Object.assign(bench, { log: new MemoryLog({ clock: bench.clock, partitions: 1 }) });
    for (let at = 10; at < 15; at++) await bench.schedule({ uniquenessKey: `u${at}` });
    await bench.engine().start();
    await bench.clock.advance(30_000);
    expect(bench.events.of("partitionStopped")).toMatchObject([{ code: "LOG_GAP" }]);
    expect(bench.starts).toHaveLength(3);
  });

  it("stops when the log ends before it (protocol 1.21)", async () => {
    await ranAndStopped();
    Object.assign(bench, { log: new MemoryLog({ clock: bench.clock, partitions: 1 }) });
    await bench.schedule({ uniquenessKey: "u10" });
    await bench.engine().start();
    await bench.clock.advance(30_000);
    expect(bench.events.of("partitionStopped")).toMatchObject([{ code: "LOG_GAP" }]);
  });

  it("goes on from the earliest record when the policy says so (design 4, log position)", async () => {
    await ranAndStopped();
    for (let at = 3; at < 6; at++) await bench.schedule({ uniquenessKey: `u${at}` });
    bench.log.dropBelow({ partition: 0, offset: 4 });
    await bench.engine({ onLogGap: "continue-from-earliest" }).start();
    await bench.untilFinished(5);
    expect(bench.startedKeys().slice(3)).toEqual(["a/u4", "a/u5"]);
  });

  it.each([
    ["stop" as const, 1, ["a/u0", "a/u1"]],
    ["continue-from-earliest" as const, 0, ["a/u0", "a/u1", "a/u3"]],
  ])(
    "met by an owner's reader ends its epoch; the take-over decides: %s",
    async (onLogGap, stopped, started) => {
      await bench.engine({ onLogGap }).start();
      await bench.schedule({ uniquenessKey: "u0" });
      await bench.untilFinished(1);
      log.refuse("readLog", "LOG_UNAVAILABLE");
      // The first of them is for the read that waits already.
      for (let at = 1; at < 4; at++) await bench.schedule({ uniquenessKey: `u${at}` });
      await bench.untilFinished(2);
      bench.log.dropBelow({ partition: 0, offset: 3 });
      log.releaseAll();
      await bench.clock.advance(30_000);
      expect(bench.events.of("portFailed")).toContainEqual(
        expect.objectContaining({ operation: "readLog", code: "LOG_GAP" }),
      );
      expect(bench.events.count("partitionStopped")).toBe(stopped);
      expect(bench.startedKeys()).toEqual(started);
    },
  );

  it("is no gap when retention removed exactly the applied record (protocol 1.21)", async () => {
    await ranAndStopped();
    await bench.schedule({ uniquenessKey: "u3" });
    bench.log.dropBelow({ partition: 0, offset: 3 });
    await bench.engine().start();
    await bench.untilFinished(4);
    expect(bench.events.count("partitionStopped")).toBe(0);
  });

  it("is no gap when retention removes the applied record while the log is asked (sim s2-636)", async () => {
    await ranAndStopped();
    const asked = log.hold("fingerprint", "before");
    await bench.engine().start();
    await bench.clock.advanceUntil(() => asked.call !== undefined);
    await bench.schedule({ uniquenessKey: "u3" });
    bench.log.dropBelow({ partition: 0, offset: 3 });
    asked.release();
    await bench.untilFinished(4);
    expect(bench.events.count("partitionStopped")).toBe(0);
  });
});

describe("a record in a wrong partition", () => {
  it("is sent on and runs once, and one that was sent on before is quarantined (design 4)", async () => {
    bench = new EngineBench({ partitions: 2 });
    await bench.schedule({ orderingId: "x" });
    const at = bench.log.bounds(0);
    const right = (await at).endOffset === 1 ? 0 : 1;
    const wrong = 1 - right;
    const reader = bench.log.openReader({ partition: right, fromOffset: 0 });
    const [record] = await reader.read({ recordsMax: 1, bytesMax: 1_000 });
    await reader.close();
    const { key, value } = record!;
    bench.log.appendRaw({ partition: wrong, key, value });
    const headers = { "horae-forwarded-from": String(right) };
    bench.log.appendRaw({ partition: wrong, key, value, headers });
    await bench.engine().start();
    await bench.untilFinished(1);
    await bench.clock.advance(5_000);
    expect(bench.starts).toHaveLength(1);
    expect(bench.events.of("recordForwarded")).toMatchObject([
      { partition: wrong, toPartition: right, offset: 0 },
    ]);
    expect(bench.log.quarantined()).toMatchObject([
      { reason: "PARTITION_WRONG", record: { partition: wrong, offset: 1 } },
    ]);
  });
});

describe("a zombie", () => {
  it("whose lease ran out is replaced after a period, and its attempt counts (S11, L3)", async () => {
    const first = bench.engine();
    await first.start();
    bench.onTask((_, { attempt }) => (attempt === 1 ? HANG() : undefined));
    await bench.schedule({});
    await bench.untilStarts(1);
    const killedAtMs = bench.clock.monotonicMs();
    bench.kill(first);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ epoch: 1 }, { epoch: 2, attempt: 2 }]);
    expect(bench.clock.monotonicMs() - killedAtMs).toBeLessThanOrEqual(5_000);
  });
});
