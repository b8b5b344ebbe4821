import type { HandlerTable } from "../src/index.ts";

interface Types {
  "send-reminder": { invoice: number };
}

describe("types of handlers", () => {
  it("are checked by the compiler", () => {
    const table: HandlerTable<Types> = {
      "send-reminder": (task) => task.data.invoice.toFixed(),
    };
    // @ts-expect-error a handler is missing
    const none: HandlerTable<Types> = {};
    const wrong: HandlerTable<Types> = {
      // @ts-expect-error data of another type
      "send-reminder": (task) => task.data.bill,
    };
    expect([table, none, wrong]).toHaveLength(3);
  });
});
