import type { Column } from "../../src/cli/table.ts";
import { formatTable } from "../../src/cli/table.ts";
import { momentText } from "../../src/cli/moment.ts";

interface Row {
  readonly key: string;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "KEY", text: ({ key }) => key, isWhole: true },
  { title: "TEXT", text: ({ text }) => text },
];

describe("a table", () => {
  it("is as wide as its widest cells", () => {
    const rows = [
      { key: "a", text: "first" },
      { key: "long", text: "" },
    ];
    expect(formatTable(rows, COLUMNS, null)).toBe("KEY   TEXT\na     first\nlong\n");
  });

  it("cuts what may be cut where it is too wide, and never a key", () => {
    const rows = [{ key: "k".repeat(20), text: "x".repeat(50) }];
    const [title, line] = formatTable(rows, COLUMNS, 40).split("\n");
    expect(line).toBe(`${"k".repeat(20)}  ${"x".repeat(17)}…`);
    expect(title).toBe(`KEY${" ".repeat(19)}TEXT`);
    expect(formatTable(rows, COLUMNS, 5).split("\n")[1]).toBe(`${"k".repeat(20)}  xxxxxxx…`);
  });

  it("escapes control characters, and counts characters", () => {
    const rows = [{ key: "\u001b[31m", text: "\u{1F600}é" }];
    expect(formatTable(rows, COLUMNS, null)).toBe(
      "KEY        TEXT\n\\u001b[31m  \u{1F600}é\n".replace("KEY        ", "KEY         "),
    );
  });
});

describe("a moment", () => {
  const nowMs = Date.UTC(2026, 0, 1);

  it.each([
    ["now", "2026-01-01T00:00:00.000Z"],
    ["now-2h", "2025-12-31T22:00:00.000Z"],
    ["now+1d", "2026-01-02T00:00:00.000Z"],
    ["2026-05-01T10:00:00+02:00", "2026-05-01T10:00:00+02:00"],
  ])("%s is %s", (text, time) => expect(momentText("from", text, nowMs)).toBe(time));

  it.each(["", "now-", "now*2h", "2h", "tomorrow", "now-999999d", "now+999999999999d"])(
    "%p is none",
    (text) => expect(() => momentText("from", text, nowMs)).toThrow(/^--from: /),
  );
});
