import type { LeaseStore } from "@horae/core";
import { EventRecorder, FakeClock, MemoryLeaseStore } from "@horae/testkit";
import type { HeldLease } from "../src/held-lease.ts";
import { LeaseAcquirer } from "../src/lease-acquirer.ts";
import { acquiredLease, releasedLease } from "../src/lease-rules.ts";

const PERIOD_MS = 3_000;
const holderOf = (owner: string) => ({ owner, ownerUrl: null, periodMs: PERIOD_MS });

let clock: FakeClock;
let leases: MemoryLeaseStore;
let events: EventRecorder;
let storeAheadMs: number;
let clockReads: number;
let waiting: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  leases = new MemoryLeaseStore({ clock });
  events = new EventRecorder();
  [storeAheadMs, clockReads] = [0, 0];
  waiting = new AbortController();
});

afterEach(async () => {
  waiting.abort();
  await clock.advance(5_000);
});

function acquire(): Promise<HeldLease | null> {
  const counted: LeaseStore = {
    read: (partition) => leases.read(partition),
    compareAndSet: (swap) => leases.compareAndSet(swap),
    nowMs: async () => {
      clockReads += 1;
      return clock.nowMs() + storeAheadMs;
    },
  };
  const acquirer = new LeaseAcquirer({
    partition: 0,
    holder: holderOf("n1#x"),
    clock,
    leases: counted,
    telemetry: events,
    mayAsk: () => true,
  });
  return acquirer.acquire(waiting.signal);
}

async function holdByAnother(): Promise<void> {
  const lease = acquiredLease(null, holderOf("n0#x"), clock.nowMs());
  expect(await leases.compareAndSet({ partition: 0, expected: null, lease })).toBe(true);
}

async function releaseByAnother(): Promise<void> {
  const row = (await leases.read(0))!;
  const lease = releasedLease(row, { checkpoint: row.checkpoint, usedUpTo: row.tsUpper });
  expect(await leases.compareAndSet({ partition: 0, expected: row, lease })).toBe(true);
}

describe("a node whose clock is more than a minute ahead of the store's", () => {
  it("takes no lease, until the clock is right", async () => {
    storeAheadMs = -61_000;
    const acquiring = acquire();
    await clock.advance(5_000);
    expect(await leases.read(0)).toBeNull();
    expect(events.of("leaseRefused")).toContainEqual(
      expect.objectContaining({ code: "CLOCK_AHEAD" }),
    );
    storeAheadMs = -59_000;
    await clock.advance(2_000);
    expect((await acquiring)!.epoch).toBe(1);
  });

  it("makes no owner let go of what it could not take", async () => {
    await holdByAnother();
    storeAheadMs = -61_000;
    void acquire();
    await clock.advance(1_500);
    expect(await leases.read(0)).toMatchObject({ owner: "n0#x", wantedBy: null });
    storeAheadMs = 0;
    await clock.advance(1_000);
    expect(await leases.read(0)).toMatchObject({ owner: "n0#x", wantedBy: "n1#x" });
  });
});

it("compares the clocks while it waits, once in a period, so that a free lease is taken at once", async () => {
  await holdByAnother();
  const acquiring = acquire();
  await clock.advance(PERIOD_MS / 2);
  await releaseByAnother();
  await clock.advance(100);
  expect((await acquiring)!.epoch).toBe(2);
  expect(clockReads).toBe(1);
});
