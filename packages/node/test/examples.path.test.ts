import { join } from "node:path";
import { runChild } from "./child.ts";

jest.setTimeout(60_000);

const example = (name: string) =>
  runChild([join(__dirname, "../../../examples", name, `${name}.mjs`)]);

describe("examples", () => {
  it("reminders: three for an invoice, however often it is asked for", async () => {
    expect(await example("reminders")).toEqual({
      code: 0,
      err: "",
      out:
        "before it is due: invoice 7 to ada@example.com\n" +
        "on the day: invoice 7 to ada@example.com\n" +
        "after it was due: invoice 7 to ada@example.com\n",
    });
  });

  it("debounced sync: one call per customer, with the latest state", async () => {
    expect(await example("debounced-sync")).toEqual({
      code: 0,
      err: "",
      out:
        "300 changes, 3 calls of the CRM\n" +
        "customer-0: version 100\ncustomer-1: version 100\ncustomer-2: version 100\n",
    });
  });

  it("fenced write: the attempt that was given up comes too late", async () => {
    expect(await example("fenced-write")).toEqual({
      code: 0,
      err: "",
      out: "attempt 2: wrote\nattempt 1: came too late\nbalance 101\n",
    });
  });

  it("bulk import: every line but the bad one", async () => {
    const { code, out, err } = await example("bulk-import");
    expect({ code, out }).toEqual({ code: 0, out: "5000 lines: 4999 scheduled, 1 refused\n" });
    expect(err).toMatch(/^line 42: .*scheduledTime/);
  });
});
