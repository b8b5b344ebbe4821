import { HoraeError } from "@horae/core";
import { MemoryLog, MemoryStore, FakeClock, rejection } from "../src/index.ts";

const at = { partition: 0, bucket: 0 };
const summary = { lowKey: null, exceptions: [], state: "open", lastFinishMs: null } as const;

describe("the hook of a memory adapter", () => {
  it("sees each operation, before and after, with its arguments", async () => {
    const seen: string[] = [];
    const store = new MemoryStore({
      intercept: ({ operation, when, args }) =>
        void seen.push(`${when} ${operation} ${args.length}`),
    });
    await store.findSummary(at);
    expect(seen).toEqual(["before findSummary 1", "after findSummary 1"]);
  });

  it("fails an operation that then has not happened, or that has", async () => {
    const store = new MemoryStore();
    for (const when of ["before", "after"]) {
      store.intercept = (call) => {
        if (call.operation === "writeSummary" && call.when === when) {
          throw new HoraeError("STORE_UNKNOWN", when, { certain: false });
        }
      };
      const error = await rejection(store.writeSummary({ ...at, timestamp: 1, summary }));
      expect(error.message).toBe(when);
      expect(await store.findSummary(at)).toEqual(when === "before" ? null : summary);
    }
  });

  it("delays an operation, so that a later one is first", async () => {
    const log = new MemoryLog({ clock: new FakeClock(), partitions: 1 });
    let goOn = (): void => undefined;
    log.intercept = ({ operation, when }) => {
      if (operation !== "append" || when !== "before") return;
      log.intercept = undefined;
      return new Promise((resolve) => {
        goOn = resolve;
      });
    };
    const append = (value: string) =>
      log.append({ partition: 0, key: Buffer.from("k"), value: Buffer.from(value), headers: {} });
    const delayed = append("delayed");
    expect((await append("second")).offset).toBe(0);
    goOn();
    expect((await delayed).offset).toBe(1);
  });
});
