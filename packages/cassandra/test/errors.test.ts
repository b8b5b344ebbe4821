import { HoraeError } from "@horae/core";
import { driverErrors, responseCodes } from "../src/driver.ts";
import { combinedError, type Deed, storeError } from "../src/errors.ts";

const { BusyConnectionError, NoHostAvailableError, OperationTimedOutError, ResponseError } =
  driverErrors;

function response(code: number): Error {
  return new ResponseError(code, "refused");
}

function socketError(requestNotWritten: boolean): Error {
  return Object.assign(new Error("Socket was closed"), { isSocketError: true, requestNotWritten });
}

describe("storeError", () => {
  it.each<[name: string, error: unknown, end: `${Deed}: ${string}`]>([
    [
      "unavailable, write",
      response(responseCodes.unavailableException),
      "write: STORE_UNAVAILABLE",
    ],
    ["overloaded, write", response(responseCodes.overloaded), "write: STORE_UNAVAILABLE"],
    ["starting, write", response(responseCodes.isBootstrapping), "write: STORE_UNAVAILABLE"],
    ["invalid, write", response(responseCodes.invalid), "write: STORE_UNAVAILABLE"],
    ["write time-out", response(responseCodes.writeTimeout), "write: STORE_UNKNOWN"],
    ["write failure", response(responseCodes.writeFailure), "write: STORE_UNKNOWN"],
    ["server error, write", response(responseCodes.serverError), "write: STORE_UNKNOWN"],
    ["client's time-out, write", new OperationTimedOutError("late"), "write: STORE_UNKNOWN"],
    ["broken socket, write", socketError(false), "write: STORE_UNKNOWN"],
    ["socket broke before it", socketError(true), "write: STORE_UNAVAILABLE"],
    ["all connections busy", new BusyConnectionError("a", 2_048, 1), "swap: STORE_UNAVAILABLE"],
    ["something else, write", new TypeError("what"), "write: STORE_UNKNOWN"],
    ["no error at all", "a text", "write: STORE_UNKNOWN"],
    [
      "write time-out of a transaction",
      response(responseCodes.writeTimeout),
      "swap: STORE_UNKNOWN",
    ],
    // It may come in a later round, when an earlier one has proposed the change.
    ["unavailable, swap", response(responseCodes.unavailableException), "swap: STORE_UNKNOWN"],
    ["overloaded, swap", response(responseCodes.overloaded), "swap: STORE_UNKNOWN"],
    ["client's time-out, swap", new OperationTimedOutError("late"), "swap: STORE_UNKNOWN"],
    ["no such table, swap", response(responseCodes.invalid), "swap: STORE_UNAVAILABLE"],
    ["read time-out", response(responseCodes.readTimeout), "read: STORE_UNAVAILABLE"],
    ["client's time-out, read", new OperationTimedOutError("late"), "read: STORE_UNAVAILABLE"],
    ["broken socket, read", socketError(false), "read: STORE_UNAVAILABLE"],
  ])("%s", (_, error, end) => {
    const [deed, code] = end.split(": ") as [Deed, string];
    const translated = storeError(error, "operation", deed);
    expect(translated).toMatchObject({
      code,
      retryable: true,
      certain: code === "STORE_UNAVAILABLE",
      details: { operation: "operation" },
    });
    expect(translated.cause).toBe(error);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["nobody was asked", { a: "Host considered as DOWN", b: null }, "STORE_UNAVAILABLE"],
    ["everybody refused", { a: response(responseCodes.unavailableException) }, "STORE_UNAVAILABLE"],
    ["somebody may have taken it", { a: "DOWN", b: socketError(false) }, "STORE_UNKNOWN"],
  ])("no host available: %s", (_, innerErrors, code) => {
    const error = new NoHostAvailableError(innerErrors as { [host: string]: Error });
    expect(storeError(error, "persistTasks", "write").code).toBe(code);
  });

  it("leaves an error alone that is Horae's already", () => {
    const error = new HoraeError("STORE_UNKNOWN", "known");
    expect(storeError(error, "operation", "read")).toBe(error);
  });
});

describe("combinedError", () => {
  const certain = storeError(response(responseCodes.unavailableException), "persistTasks", "write");
  const unknown = storeError(new OperationTimedOutError("late"), "persistTasks", "write");

  it("is certain when every part failed for certain", () => {
    expect(combinedError([certain, certain], 2)).toBe(certain);
  });

  it("is unknown when a part was written", () => {
    expect(combinedError([certain], 2)).toMatchObject({ code: "STORE_UNKNOWN", certain: false });
  });

  it("is unknown when a part may have been written", () => {
    expect(combinedError([certain, unknown], 2)).toBe(unknown);
  });
});
