import { join } from "node:path";
import { runChild } from "./child.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

const process_ = (name: string) => join(__dirname, "processes", name);

jest.setTimeout(30_000);

describe("handlers that do what they should not", () => {
  const dir = useTemporaryDirectory();

  it("harm nobody else", async () => {
    const { code, out, err } = await runChild([process_("hostile.mjs"), dir.path]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { ended, leaks } = JSON.parse(out) as {
      ended: Record<string, { outcome: string; code: string | null }>;
      leaks: string[];
    };
    const bystanders = Object.keys(ended).filter((id) => id.startsWith("bystander-"));
    expect(bystanders).toHaveLength(200);
    const good = { outcome: "succeeded", code: null };
    for (const id of bystanders) expect(ended[id]).toEqual(good);
    for (const id of ["good", "good-without-result", "spoils-its-arguments"]) {
      expect([id, ended[id]]).toEqual([id, good]);
    }
    for (const id of ["leaks-now", "leaks-later", "leaks-text"]) {
      expect([id, ended[id]]).toEqual([id, good]);
    }
    expect(leaks.toSorted()).toEqual(["leaked at once", "leaked later", "leaked text"]);
    const failed = Object.entries(ended).filter(([, { outcome }]) => outcome === "failed");
    expect(Object.fromEntries(failed.map(([id, { code: reason }]) => [id, reason]))).toEqual({
      "throws-undefined": expect.any(String),
      "throws-text": expect.any(String),
      "throws-untouchable": expect.any(String),
      "rejects-null": expect.any(String),
      "rejects-twice": expect.any(String),
      "is-no-promise": expect.any(String),
      "never-resolves": "TIMEOUT",
      "gives-bigint": "RESULT_INVALID",
      "gives-circular": "RESULT_INVALID",
      "gives-function": "RESULT_INVALID",
      "gives-untouchable": expect.any(String),
      "gives-too-much": "RESULT_INVALID",
    });
    expect(ended["resolves-after-abort"]).toEqual(good);
  });

  it("do not hide a rejection from elsewhere", async () => {
    const { code, err } = await runChild([process_("leak-elsewhere.mjs"), dir.path]);
    expect(code).toBe(1);
    expect(err).toContain("from elsewhere");
  });
});
