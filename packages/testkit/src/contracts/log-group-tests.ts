import type { GroupView } from "@horae/core";
import type { LogBench } from "./log-bench.ts";

export function testGroup(bench: LogBench): void {
  it("gives a single member every partition", async () => {
    const all = range(await bench.log.partitionCount());
    const views = new Views();
    const membership = await bench.log.join(views.take);
    expect(
      (await views.settled(({ partitions }) => partitions.length === all.length)).partitions,
    ).toEqual(all);
    await membership.leave();
  });

  it("shares the partitions between members, none twice, and gives them back", async () => {
    const { log, otherLog } = bench.underTest;
    const all = range(await log.partitionCount());
    const [mine, theirs] = [new Views(), new Views()];
    const my = await log.join(mine.take);
    const their = await otherLog.join(theirs.take);
    const isShare = ({ partitions }: GroupView): boolean =>
      partitions.length > 0 && partitions.length < all.length;
    const [a, b] = await Promise.all([mine.settled(isShare), theirs.settled(isShare)]);
    expect([...a.partitions, ...b.partitions].toSorted((x, y) => x - y)).toEqual(all);
    expect(Math.abs(a.partitions.length - b.partitions.length)).toBeLessThanOrEqual(1);
    await their.leave();
    await their.leave();
    await mine.settled(({ partitions }) => partitions.length === all.length);
    await my.leave();
  });
}

/** Views of a member, for a test that waits for one. */
class Views {
  #last: GroupView | null = null;
  #wake: () => void = () => undefined;

  readonly take = (view: GroupView): void => {
    this.#last = view;
    this.#wake();
  };

  async settled(isWanted: (view: GroupView) => boolean): Promise<GroupView> {
    for (;;) {
      const view = this.#last;
      if (view !== null && view.state === "settled" && isWanted(view)) {
        return { ...view, partitions: view.partitions.toSorted((a, b) => a - b) };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
