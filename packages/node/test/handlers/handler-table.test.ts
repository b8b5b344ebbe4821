import { toTaskHandlers } from "../../src/handlers/handler-table.ts";

describe("a table of handlers", () => {
  it("finds handlers by type, and nothing that Object has", () => {
    const handler = () => undefined;
    const handlers = toTaskHandlers({ "send-reminder": handler }, "here");
    expect(handlers.get("send-reminder")).toBe(handler);
    expect(handlers.get("constructor")).toBeUndefined();
    expect(handlers.get("__proto__")).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [undefined, "expected an object"],
    [[], "expected an object"],
    [{}, "there is no handler in it"],
    [{ "no spaces": () => undefined }, "is no task type"],
    [{ a: "text" }, "the handler of a is not a function"],
  ])("refuses %p", (table, message) => {
    expect(() => toTaskHandlers(table, "here.mjs")).toThrow(
      expect.objectContaining({
        code: "SETTINGS_INVALID",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
