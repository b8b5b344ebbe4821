import fc from "fast-check";
import { taskKeyToken } from "@horae/core";
import type { History, HistoryLine } from "../../src/checker/index.ts";
import { checkHistory } from "../../src/checker/index.ts";
import { Story, taskOf } from "./story.ts";

const A = taskOf("a", 10);
const B = taskOf("a", 20);
const GRACE = { graceMs: 50, zombieMs: 50 };

function broken(story: Story, limits = {}): string[] {
  return checkHistory(story.history, { ...GRACE, ...limits }).violations.map(
    ({ invariant }) => invariant,
  );
}

/** Each rule with a story that keeps it and one that breaks it. */
const RULES: readonly [rule: string, kept: () => Story, broken: () => Story][] = [
  [
    "S1",
    () => new Story().schedule(A).at(10).run(A, 1, "succeeded").leave(A),
    () => new Story().schedule(A).at(10).run(A, 1, "succeeded"),
  ],
  [
    "L1",
    () => new Story().schedule(A).at(10).run(A, 1, "failed").leave(A, "failed"),
    () => new Story().schedule(A).at(10).run(A, 1, "retry").leave(A, "retrying"),
  ],
  [
    "S3",
    () => new Story().schedule(A, { answer: "unknown" }).at(10).run(A, 1, "succeeded"),
    () => new Story().schedule(A, { answer: "refused" }).at(10).run(A, 1, "succeeded"),
  ],
  [
    "S6",
    () =>
      new Story()
        .schedule(A)
        .at(10)
        .run(A, 1, "succeeded")
        .death("a")
        .run(A, 2, "succeeded", { node: "b", epoch: 2 })
        .leave(A),
    () => new Story().schedule(A).at(10).run(A, 1, "succeeded").run(A, 2, "succeeded").leave(A),
  ],
  [
    "S10",
    () =>
      new Story()
        .schedule(A)
        .schedule(B)
        .at(20)
        .run(A, 1, "succeeded")
        .run(B, 1, "succeeded")
        .leave(A)
        .leave(B),
    () =>
      new Story()
        .schedule(A)
        .schedule(B)
        .at(20)
        .start(A, 1)
        .start(B, 1)
        .end(A, 1, "succeeded")
        .end(B, 1, "succeeded")
        .leave(A)
        .leave(B),
  ],
  [
    "S11",
    () =>
      new Story()
        .schedule(A)
        .at(10)
        .fault("cut", true, ["a"])
        .start(A, 1)
        .start(A, 2, { node: "b", epoch: 2 })
        .end(A, 1, "succeeded")
        .end(A, 2, "succeeded", { node: "b" })
        .leave(A),
    () =>
      new Story()
        .schedule(A)
        .at(10)
        .fault("cut", true, ["a"])
        .start(A, 1)
        .start(A, 2, { node: "b", epoch: 2 })
        .at(100)
        .end(A, 1, "succeeded")
        .end(A, 2, "succeeded", { node: "b" })
        .leave(A),
  ],
  [
    "S12",
    () => new Story().schedule(A).at(10).run(A, 1, "retry").run(A, 2, "succeeded").leave(A),
    () =>
      new Story()
        .schedule(A)
        .at(10)
        .start(A, 1, { fence: 7 })
        .end(A, 1, "retry")
        .start(A, 2, { fence: 7 })
        .end(A, 2, "succeeded")
        .leave(A),
  ],
  [
    "S13",
    () =>
      new Story()
        .schedule(A)
        .schedule(B)
        .at(20)
        .run(A, 1, "succeeded")
        .run(B, 1, "succeeded")
        .leave(A)
        .leave(B),
    () =>
      new Story()
        .schedule(A)
        .schedule(B)
        .at(20)
        .run(B, 1, "succeeded")
        .run(A, 1, "succeeded")
        .leave(A)
        .leave(B),
  ],
  [
    "S16",
    () => new Story().schedule(A).at(10).run(A, 1, "retry").run(A, 3, "succeeded").leave(A),
    () => new Story().schedule(A).at(10).run(A, 2, "retry").run(A, 2, "succeeded").leave(A),
  ],
  [
    "S17",
    () =>
      new Story()
        .schedule(A, { maxAttempts: 2 })
        .at(10)
        .run(A, 1, "retry")
        .run(A, 2, "failed")
        .leave(A, "failed"),
    () =>
      new Story()
        .schedule(A, { maxAttempts: 1 })
        .at(10)
        .run(A, 1, "retry")
        .run(A, 2, "failed")
        .leave(A, "failed"),
  ],
  [
    "S20",
    () => new Story().schedule(A).at(9).run(A, 1, "succeeded").leave(A),
    () => new Story().schedule(A).run(A, 1, "succeeded").leave(A),
  ],
];

describe("the checker", () => {
  it.each(RULES)("%s: finds nothing where it is kept", (_, kept) => {
    expect(broken(kept())).toEqual([]);
  });

  it.each(RULES)("%s: finds where it is broken, and nothing else", (rule, _, story) => {
    expect(broken(story())).toEqual([rule]);
  });

  it("excuses order where the later task was asked for before the earlier one was acked", () => {
    const story = new Story().schedule(B).schedule(A).at(20);
    expect(broken(story.run(B, 1, "succeeded").run(A, 1, "succeeded").leave(A).leave(B))).toEqual(
      [],
    );
  });

  it("excuses order where the earlier task's record was not applied when the later one's owner took over", () => {
    const across = (): Story => {
      const story = new Story().schedule(A).schedule(B).at(20).death("a");
      const place = { node: "b", epoch: 2 };
      return story.run(B, 1, "succeeded", place).run(A, 1, "succeeded", place).leave(A).leave(B);
    };
    const unapplied = (epoch: number) => new Map([[taskKeyToken(A), new Set([epoch])]]);
    const brokenBy = (epoch: number) =>
      checkHistory({ ...across().history, unapplied: unapplied(epoch) }).violations.map(
        ({ invariant }) => invariant,
      );
    expect(brokenBy(2)).toEqual([]);
    expect(brokenBy(1)).toEqual(["S13"]);
  });

  it("excuses numbers that begin anew where retention has deleted the task", () => {
    const again = (): Story =>
      new Story().schedule(A).at(10).run(A, 1, "failed").run(A, 1, "succeeded").leave(A);
    const story = again();
    story.deleted.add(taskKeyToken(A));
    expect(broken(story)).not.toContain("S16");
    expect(broken(again())).toContain("S16");
  });

  it("counts the attempts of a task that came again after its deletion for themselves", () => {
    const again = (first: "retry" | "failed"): Story => {
      const story = new Story().schedule(A, { maxAttempts: 1 }).at(10);
      return story.run(A, 1, first).run(A, 1, "succeeded").leave(A);
    };
    for (const end of ["retry", "failed"] as const) {
      const story = again(end);
      story.deleted.add(taskKeyToken(A));
      expect(broken(story)).not.toContain("S16");
      expect(broken(story)).not.toContain("S17");
      expect(broken(again(end))).toEqual(expect.arrayContaining(["S16", "S17"]));
    }
    const unfinished = new Story().schedule(A, { maxAttempts: 2 }).at(10);
    unfinished.run(A, 1, "retry").run(A, 1, "succeeded").leave(A);
    unfinished.deleted.add(taskKeyToken(A));
    expect(broken(unfinished)).toContain("S16");
  });

  it("takes what a process ran for over when it has ended", () => {
    const story = new Story().schedule(A).schedule(B).at(10).start(A, 1).exit("a");
    story.at(100_000).run(B, 1, "succeeded", { node: "b", epoch: 2 });
    expect(broken(story)).not.toContain("S11");
  });

  it("excuses order under skip", () => {
    const story = new Story().schedule(A).schedule(B).at(20);
    story.run(B, 1, "succeeded").run(A, 1, "succeeded").leave(A).leave(B);
    expect(broken(story, { onRetry: "skip" })).toEqual([]);
  });

  it("takes the wall clock of the node for being early", () => {
    const early = new Story()
      .schedule(A)
      .start(A, 1, { skewMs: 100 })
      .end(A, 1, "succeeded")
      .leave(A);
    expect(broken(early)).toEqual([]);
    const late = new Story().schedule(A).at(50).run(A, 1, "succeeded", { skewMs: -45 }).leave(A);
    expect(broken(late)).toEqual(["S20"]);
    expect(broken(late, { earlyMs: 100 })).toEqual([]);
  });

  it("does not ask for ends of what was not drained", () => {
    const story = new Story().schedule(A).leave(A, "pending", 0);
    expect(broken(story)).toEqual(["L1"]);
    story.isDrained = false;
    expect(broken(story)).toEqual([]);
  });

  it("counts, and measures lateness where all is calm", () => {
    const story = new Story().schedule(A).schedule(B).at(30).run(A, 1, "succeeded");
    story.run(B, 1, "retry").run(B, 2, "succeeded").leave(A).leave(B);
    const { counts, calmLatenesses } = checkHistory(story.history, GRACE);
    expect(counts).toEqual({
      acked: 2,
      starts: 3,
      succeeded: 2,
      allowedRepeats: 0,
      zombies: 0,
      faults: 0,
    });
    expect(calmLatenesses).toEqual([13, 21]);
  });
});

/** A calm history of some tasks, in order and each run to its end. */
function goodHistory(ids: readonly string[]): History {
  const story = new Story();
  const keys = ids.map((id, n) => taskOf(id, 100 + n, `u${n}`));
  for (const key of keys) story.schedule(key);
  story.at(300);
  for (const key of keys) story.run(key, 1, "succeeded").leave(key);
  return story.history;
}

type Mutation = (history: History, index: number) => History;

const MUTATIONS: readonly [name: string, mutate: Mutation][] = [
  [
    "a task that is missing in the store",
    (history, index) => ({ ...history, final: history.final.filter((_, n) => n !== index) }),
  ],
  [
    "a task that nobody asked for",
    (history, index) => withoutLine(history, (line) => line.line === "ask" && line.call === index),
  ],
  [
    "a start twice",
    (history, index) => {
      const start = startsOf(history)[index]!;
      const at = history.lines.indexOf(start) + 2;
      const again = [start, { ...endOf(history, index) }];
      return { ...history, lines: history.lines.toSpliced(at, 0, ...again) };
    },
  ],
  [
    "a start before its time",
    (history, index) =>
      mapLine(
        history,
        startsOf(history)[index]!,
        (line) => ({ ...line, wallMs: 99 }) as HistoryLine,
      ),
  ],
  [
    "a fence given out twice",
    (history, index) => {
      const starts = startsOf(history);
      const one = starts[index]!;
      const { orderingId } = one.key;
      const other = starts.find((start) => start !== one && start.key.orderingId === orderingId)!;
      return mapLine(history, one, (line) => ({ ...line, fence: other.fence }) as HistoryLine);
    },
  ],
];

const startsOf = ({ lines }: History) => lines.filter((line) => line.line === "start");
const endOf = ({ lines }: History, index: number) =>
  lines.filter(({ line }) => line === "end")[index]!;

function withoutLine(history: History, isIt: (line: HistoryLine) => boolean): History {
  return { ...history, lines: history.lines.filter((line) => !isIt(line)) };
}

function mapLine(
  history: History,
  target: HistoryLine,
  change: (line: HistoryLine) => HistoryLine,
): History {
  return {
    ...history,
    lines: history.lines.map((line) => (line === target ? change(line) : line)),
  };
}

describe.each(MUTATIONS)("%s", (_, mutate) => {
  it("is found wherever it is", () => {
    const ids = fc.array(fc.constantFrom("x", "y"), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(ids, fc.nat(), (given, seed) => {
        // Fences are of one ordering id: there must be another task of it.
        const history = goodHistory([...given, ...given]);
        expect(checkHistory(history).violations).toEqual([]);
        const mutated = mutate(history, seed % (2 * given.length));
        expect(checkHistory(mutated).violations.length).toBeGreaterThan(0);
      }),
    );
  });
});
