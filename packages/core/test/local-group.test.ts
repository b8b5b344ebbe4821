import type { GroupView } from "../src/index.ts";
import { LocalGroup } from "../src/index.ts";

function setup(partitionCount: number) {
  const group = new LocalGroup(partitionCount);
  const join = () => {
    const views: GroupView[] = [];
    const membership = group.join((view) => views.push(view));
    return { views, membership, last: () => views.at(-1)?.partitions };
  };
  return { join };
}

const heard = (): Promise<void> => Promise.resolve();

describe("LocalGroup", () => {
  it("gives all partitions to the only member, after it has its membership", async () => {
    const { join } = setup(3);
    const only = join();
    expect(only.views).toEqual([]);
    await heard();
    expect(only.views).toMatchObject([{ partitions: [0, 1, 2], state: "settled" }]);
  });

  it("shares partitions and moves as few as it can", async () => {
    const { join } = setup(4);
    const [first, second] = [join(), join()];
    await heard();
    expect([first.last(), second.last()]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const third = join();
    await heard();
    expect(first.last()).toEqual([0, 1]);
    expect([...second.last()!, ...third.last()!].toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  it("gives the partitions of a member that leaves to the others", async () => {
    const { join } = setup(2);
    const [first, second] = [join(), join()];
    await heard();
    const viewsOfFirst = first.views.length;
    await first.membership.leave();
    await first.membership.leave();
    await heard();
    expect(second.last()).toEqual([0, 1]);
    expect(first.views).toHaveLength(viewsOfFirst);
  });

  it("tells a member that left before it was told nothing", async () => {
    const { join } = setup(1);
    const member = join();
    const left = member.membership.leave();
    await left;
    await heard();
    expect(member.views).toEqual([]);
  });

  it("gives views that later changes leave alone", async () => {
    const { join } = setup(2);
    const first = join();
    await heard();
    join();
    await heard();
    expect(first.views.map(({ partitions }) => partitions)).toEqual([[0, 1], [0]]);
  });
});
