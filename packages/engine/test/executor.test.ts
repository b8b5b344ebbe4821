import { Executor, type OfferingPartition } from "../src/executor.ts";

const NO_RUNAWAYS = { most: 1, onReached: (): never => fail("no handler ran away") };

function fail(message: string): never {
  throw new Error(message);
}

type Claimed = ReturnType<OfferingPartition["claimNext"]>;

class ScriptedPartition implements OfferingPartition {
  readonly asked: Parameters<OfferingPartition["claimNext"]>[0][] = [];
  readonly #script: Claimed[];

  constructor(...script: Claimed[]) {
    this.#script = script;
  }

  claimNext(allowed: { mayClaimAhead: boolean; maySuspect: boolean }): Claimed {
    this.asked.push(allowed);
    return this.#script.shift() ?? "none";
  }
}

const many = (count: number): Claimed[] => Array.from({ length: count }, () => "task");

describe("Executor", () => {
  it("shares its slots fairly between partitions", () => {
    const executor = new Executor(4, NO_RUNAWAYS);
    const [greedy, modest] = [
      new ScriptedPartition(...many(10)),
      new ScriptedPartition(...many(10)),
    ];
    executor.offer(greedy);
    expect(executor.usedSlots).toBe(4);
    executor.offer(modest);
    executor.release({ wasSuspect: false });
    executor.release({ wasSuspect: false });
    // Both wait now; the freed slots go to one each.
    expect([greedy.asked.length, modest.asked.length]).toEqual([5, 1]);
  });

  it("claims ahead with half of its slots at most", () => {
    const executor = new Executor(4, NO_RUNAWAYS);
    const partition = new ScriptedPartition(...many(4));
    executor.offer(partition);
    expect(partition.asked.map(({ mayClaimAhead }) => mayClaimAhead)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("runs one suspect at a time and asks again when it has ended", () => {
    const executor = new Executor(4, NO_RUNAWAYS);
    const first = new ScriptedPartition("suspect");
    const second = new ScriptedPartition("none", "suspect");
    executor.offer(first);
    executor.offer(second);
    executor.offerSuspect(second);
    expect(second.asked.map(({ maySuspect }) => maySuspect)).toEqual([false]);
    executor.release({ wasSuspect: true });
    expect(second.asked.map(({ maySuspect }) => maySuspect)).toEqual([false, true, false]);
    expect(executor.usedSlots).toBe(1);
  });
});

describe("runaways", () => {
  it("are counted while they run; the limit is reported when it is reached", () => {
    let reached = 0;
    const executor = new Executor(4, { most: 2, onReached: () => reached++ });
    const first = { onLateEnd: () => undefined };
    executor.addRunaway(first);
    first.onLateEnd();
    executor.addRunaway({ onLateEnd: () => undefined });
    expect(reached).toBe(0);
    executor.addRunaway({ onLateEnd: () => undefined });
    expect(reached).toBe(1);
  });
});
