import type { Lease, LeaseStore } from "@horae/core";
import { lease } from "../task-factory.ts";

export interface LeaseStoreContract {
  readonly name: string;
  /** Called once; each test takes a partition of its own, from 0 up to 20. */
  setup(): Promise<LeaseStore>;
  teardown(leases: LeaseStore): Promise<void>;
  /** For one test. Default: Jest's. */
  readonly timeoutMs?: number;
}

const WORKERS = 8;
const RENEWALS_EACH = 10;

/** What every LeaseStore does: one linearizable register per partition. */
export function testLeaseStoreContract(contract: LeaseStoreContract): void {
  describe(`${contract.name} as a lease store`, () => {
    const bench = new LeaseBench();
    const { timeoutMs } = contract;
    beforeAll(async () => bench.use(await contract.setup()), timeoutMs);
    afterAll(() => contract.teardown(bench.leases), timeoutMs);
    beforeEach(() => bench.nextTest());
    if (timeoutMs !== undefined) jest.setTimeout(timeoutMs);
    describe("a row", () => testRow(bench));
    describe("a swap", () => testSwap(bench));
  });
}

/** The lease store of a suite; each test has a partition of its own. */
class LeaseBench {
  #leases: LeaseStore | null = null;
  #partition = -1;

  use(leases: LeaseStore): void {
    this.#leases = leases;
  }

  nextTest(): void {
    this.#partition++;
  }

  get leases(): LeaseStore {
    return this.#leases!;
  }

  get partition(): number {
    return this.#partition;
  }
}

function testRow(bench: LeaseBench): void {
  it("has no row at first", async () => {
    expect(await bench.leases.read(bench.partition)).toBeNull();
  });

  it("writes the first row only where none is expected and none is", async () => {
    const expected = { epoch: 1, renewal: 1 };
    expect(
      await bench.leases.compareAndSet({ partition: bench.partition, expected, lease: lease() }),
    ).toBe(false);
    expect(await bench.leases.read(bench.partition)).toBeNull();
    expect(
      await bench.leases.compareAndSet({
        partition: bench.partition,
        expected: null,
        lease: lease(),
      }),
    ).toBe(true);
    const other = lease({ owner: "node-2#token" });
    expect(
      await bench.leases.compareAndSet({
        partition: bench.partition,
        expected: null,
        lease: other,
      }),
    ).toBe(false);
    expect(await bench.leases.read(bench.partition)).toEqual(lease());
  });

  it("keeps every field, null or not", async () => {
    const full = lease({
      epoch: 7,
      renewal: 19,
      ownerUrl: "http://127.0.0.1:7000",
      periodMs: 60_000,
      tsUpper: Number.MAX_SAFE_INTEGER,
      wantedBy: "nöde-2#😀",
      checkpoint: {
        appliedOffset: 2 ** 40,
        fingerprint: "1:2:3",
        journal: { epoch: 7, sequence: 12 },
        highestStartedKey: { scheduledTimeMs: 5, orderingId: "o/😀", uniquenessKey: "u" },
      },
    });
    await bench.leases.compareAndSet({ partition: bench.partition, expected: null, lease: full });
    expect(await bench.leases.read(bench.partition)).toEqual(full);
    const bare = lease({ epoch: 7, renewal: 20, owner: null });
    const expected = { epoch: 7, renewal: 19 };
    expect(
      await bench.leases.compareAndSet({ partition: bench.partition, expected, lease: bare }),
    ).toBe(true);
    expect(await bench.leases.read(bench.partition)).toEqual(bare);
  });

  it("keeps partitions apart", async () => {
    const mine = lease({ owner: "mine" });
    await bench.leases.compareAndSet({ partition: bench.partition, expected: null, lease: mine });
    bench.nextTest();
    expect(await bench.leases.read(bench.partition)).toBeNull();
    expect(await bench.leases.read(bench.partition - 1)).toEqual(mine);
  });

  it("tells its own time", async () => {
    const first = await bench.leases.nowMs();
    expect(Number.isInteger(first) && first > 0).toBe(true);
    expect(await bench.leases.nowMs()).toBeGreaterThanOrEqual(first);
  });
}

function testSwap(bench: LeaseBench): void {
  it.each([
    ["epoch", { epoch: 2, renewal: 1 }],
    ["renewal", { epoch: 1, renewal: 2 }],
    ["earlier renewal", { epoch: 1, renewal: 0 }],
  ])("refuses a swap that expects another %s", async (_what, expected) => {
    await bench.leases.compareAndSet({
      partition: bench.partition,
      expected: null,
      lease: lease(),
    });
    const next = lease({ renewal: 9 });
    expect(
      await bench.leases.compareAndSet({ partition: bench.partition, expected, lease: next }),
    ).toBe(false);
    expect(await bench.leases.read(bench.partition)).toEqual(lease());
  });

  it("does not let a late swap undo a later one", async () => {
    await bench.leases.compareAndSet({
      partition: bench.partition,
      expected: null,
      lease: lease(),
    });
    const expected = { epoch: 1, renewal: 1 };
    const taken = lease({ epoch: 2, renewal: 2, owner: "node-2#token" });
    expect(
      await bench.leases.compareAndSet({ partition: bench.partition, expected, lease: taken }),
    ).toBe(true);
    const late = lease({ renewal: 2 });
    expect(
      await bench.leases.compareAndSet({ partition: bench.partition, expected, lease: late }),
    ).toBe(false);
    expect(await bench.leases.read(bench.partition)).toEqual(taken);
  });

  it("lets one of two swaps win that expect the same row", async () => {
    for (const expected of [null, { epoch: 1, renewal: 1 }]) {
      const contenders = ["a", "b", "c"].map((owner) =>
        lease({ epoch: expected === null ? 1 : 2, renewal: expected === null ? 1 : 2, owner }),
      );
      const won = await Promise.all(
        contenders.map((next) =>
          bench.leases.compareAndSet({ partition: bench.partition, expected, lease: next }),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await bench.leases.read(bench.partition)).toEqual(contenders[won.indexOf(true)]);
    }
  });

  it("loses no swap of many at a time", async () => {
    await bench.leases.compareAndSet({
      partition: bench.partition,
      expected: null,
      lease: lease({ renewal: 0 }),
    });
    const workers = Array.from({ length: WORKERS }, () => renewSome(bench));
    await Promise.all(workers);
    expect((await bench.leases.read(bench.partition))?.renewal).toBe(WORKERS * RENEWALS_EACH);
  });
}

/** Renews the lease so many times, each from what a read has shown. */
async function renewSome({ leases, partition }: LeaseBench): Promise<void> {
  for (let renewed = 0; renewed < RENEWALS_EACH;) {
    const row: Lease = (await leases.read(partition))!;
    const expected = { epoch: row.epoch, renewal: row.renewal };
    const next = { ...row, renewal: row.renewal + 1 };
    if (await leases.compareAndSet({ partition, expected, lease: next })) renewed++;
  }
}
