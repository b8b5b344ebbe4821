import type { WaitingWrite } from "../src/commit.ts";
import { WriteQueue, type Writer } from "../src/write-queue.ts";

interface NamedWrite extends WaitingWrite {
  readonly name: string;
}

function writeOf(name: string, weight: number): NamedWrite {
  const nothing = (): void => undefined;
  return { name, weight, apply: nothing, succeed: nothing, fail: nothing };
}

describe("the queue of writes", () => {
  let queue: WriteQueue;

  beforeEach(() => {
    queue = new WriteQueue();
  });

  function add(writer: Writer, count: number, weight: number): void {
    for (let n = 0; n < count; n++) queue.add(writer, writeOf(`${writer}${n}`, weight));
  }

  const take = (weightMax: number): string[] =>
    queue.take(weightMax).map((write) => (write as NamedWrite).name);

  it("gives everything when there is room for it, in order", () => {
    add("log", 3, 10);
    expect(take(100)).toEqual(["log0", "log1", "log2"]);
    expect(queue.isEmpty).toBe(true);
    expect(take(100)).toEqual([]);
  });

  it("gives leases first, and shares the rest between log and store", () => {
    add("log", 10, 10);
    add("store", 10, 10);
    add("leases", 1, 10);
    expect(take(70)).toEqual(["leases0", "store0", "store1", "store2", "log0", "log1", "log2"]);
    expect(take(40)).toEqual(["store3", "store4", "log3", "log4"]);
  });

  it("gives all to the one that waits", () => {
    add("store", 5, 10);
    expect(take(40)).toEqual(["store0", "store1", "store2", "store3"]);
    add("log", 1, 10);
    expect(take(40)).toEqual(["store4", "log0"]);
  });

  it("lets nobody starve, whatever the weight of the others", () => {
    add("leases", 1, 1_000);
    add("store", 1, 1_000);
    add("log", 2, 1_000);
    expect(take(10)).toEqual(["leases0", "store0", "log0"]);
    expect(take(10)).toEqual(["log1"]);
  });

  it("is full at 256 MiB, but takes anything when it is empty", () => {
    expect(queue.hasRoomFor(2 ** 40)).toBe(true);
    add("log", 1, 2 ** 28 - 100);
    expect(queue.hasRoomFor(100)).toBe(true);
    expect(queue.hasRoomFor(101)).toBe(false);
    take(1);
    expect(queue.hasRoomFor(101)).toBe(true);
  });
});
