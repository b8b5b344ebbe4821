import { taskKeyToken } from "@horae/core";
import { classifyByMemory, classifyByRow, matchRows } from "../src/classify-record.ts";
import { keyOf, loadedTask, requestOf, statusOf } from "./rows.ts";

function recordAt(offset: number, key = keyOf(1)) {
  return { key, token: taskKeyToken(key), request: requestOf({ offset }) };
}

const NEW = { task: undefined, started: "never-started", mayBeReplay: false } as const;

describe("classifyByMemory", () => {
  it("inserts what is certainly new without a look", () => {
    expect(classifyByMemory(recordAt(5), NEW)).toEqual({ kind: "insert" });
  });

  it("looks at what may be a replay, and at keys that somebody may have started", () => {
    expect(classifyByMemory(recordAt(5), { ...NEW, mayBeReplay: true }).kind).toBe("look");
    expect(classifyByMemory(recordAt(5), { ...NEW, started: "look" }).kind).toBe("look");
  });

  it("lets the latest data win until the claim", () => {
    const task = loadedTask(keyOf(1), { offset: 3 });
    expect(classifyByMemory(recordAt(5), { ...NEW, task }).kind).toBe("insert");
    expect(classifyByMemory(recordAt(3), { ...NEW, task })).toMatchObject({ reason: "replayed" });
    task.state = "claimed";
    expect(classifyByMemory(recordAt(5), { ...NEW, task })).toMatchObject({ reason: "claimed" });
  });

  it("freezes the data of a task that had an attempt", () => {
    const task = loadedTask(keyOf(1), { offset: 3, status: statusOf({ attempts: 1 }) });
    expect(classifyByMemory(recordAt(5), { ...NEW, task })).toMatchObject({ reason: "claimed" });
  });

  it("drops what this owner has seen finish", () => {
    const verdict = classifyByMemory(recordAt(5), {
      ...NEW,
      started: "finished",
      mayBeReplay: true,
    });
    expect(verdict).toMatchObject({ reason: "finished" });
  });
});

describe("classifyByRow", () => {
  const row = (offset: number, status: ReturnType<typeof statusOf> | null = null) => ({
    key: keyOf(1),
    request: requestOf({ offset }),
    status,
  });

  it.each([
    ["no row", undefined, { kind: "insert" }],
    ["a row without request", { ...row(1), request: null }, { kind: "insert" }],
    ["older data", row(4), { kind: "insert" }],
    ["the same record", row(5), { kind: "duplicate", reason: "replayed" }],
    ["newer data", row(6), { kind: "duplicate", reason: "replayed" }],
    ["an attempt", row(4, statusOf()), { kind: "duplicate", reason: "claimed" }],
    [
      "a finish",
      row(4, statusOf({ status: "succeeded" })),
      { kind: "duplicate", reason: "finished" },
    ],
  ])("%s", (_, found, verdict) => {
    expect(classifyByRow(recordAt(5), found)).toEqual(verdict);
  });
});

describe("matchRows", () => {
  it("matches rows that come in the order of the records, with gaps", () => {
    const records = [3, 1, 2].map((time) => recordAt(0, keyOf(time)));
    const rows = [3, 2].map((time) => ({ key: keyOf(time), request: null, status: null }));
    const found = matchRows(records, rows);
    expect([...found.values()].map(({ key }) => key.scheduledTimeMs)).toEqual([3, 2]);
  });
});
