import { assert, hasCode, HoraeError, RetryLaterError, TaskFailedError } from "../src/index.ts";

describe("HoraeError", () => {
  it("is certain and not retryable unless it says otherwise", () => {
    const error = new HoraeError("LOG_UNAVAILABLE", "no broker answers");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "HoraeError", message: "no broker answers" });
    expect(error).toMatchObject({ certain: true, retryable: false, details: {} });
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  it("keeps what it is given", () => {
    const cause = new Error("socket closed");
    const details = { key: "a" };
    const fields = { details, cause, certain: false, retryable: true };
    const error = new HoraeError("APPEND_UNKNOWN", "no answer", fields);
    expect(error).toMatchObject({ code: "APPEND_UNKNOWN", ...fields });
  });
});

describe("errors for handlers", () => {
  it("say what shall happen to the task", () => {
    const failed = new TaskFailedError("no such customer", { details: { customer: 42 } });
    expect(failed).toMatchObject({ name: "TaskFailedError", code: "TASK_FAILED" });
    expect(failed.details).toEqual({ customer: 42 });
    const cause = new Error("429");
    const later = new RetryLaterError({ delayMs: 5_000, cause });
    expect(later).toMatchObject({ name: "RetryLaterError", code: "RETRY_LATER", delayMs: 5_000 });
    expect(later).toMatchObject({ message: "retry in 5000 ms", cause });
    expect(new RetryLaterError({ delayMs: 0, message: "busy" }).message).toBe("busy");
  });
});

describe("hasCode", () => {
  it("knows errors by their code, whichever class made them", () => {
    expect(hasCode(new TaskFailedError("a"), "RETRY_LATER", "TASK_FAILED")).toBe(true);
    expect(hasCode({ code: "LEASE_LOST" }, "LEASE_LOST")).toBe(true);
    expect(hasCode(new HoraeError("INTERNAL", "a"), "LEASE_LOST")).toBe(false);
  });

  it.each([null, undefined, "TASK_FAILED", 1, {}, { code: 1 }, new Error("a")])(
    "takes %p for no error of ours",
    (error) => {
      expect(hasCode(error, "TASK_FAILED")).toBe(false);
    },
  );
});

describe("assert", () => {
  it("throws INTERNAL for what cannot be", () => {
    expect(() => assert(1, "never")).not.toThrow();
    expect(() => assert(0, "sequence went back")).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: "sequence went back" }),
    );
  });
});
