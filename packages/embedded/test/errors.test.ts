import { constants } from "node:os";
import { HoraeError } from "@horae/core";
import {
  appendFailed,
  DirectoryClosedError,
  readFailed,
  storeWriteFailed,
  WriteQueueFullError,
} from "../src/errors.ts";

function lmdbError(code: number): Error {
  return Object.assign(new Error(`code ${code}`), { code });
}

describe("what LMDB says", () => {
  const { ENOSPC, EDQUOT, EIO } = constants.errno;

  it.each<[string, unknown, object]>([
    ["a full disk", lmdbError(ENOSPC), { certain: true, retryable: true }],
    ["a quota", lmdbError(EDQUOT), { certain: true, retryable: true }],
    ["a full map", lmdbError(-30792), { certain: true, retryable: true }],
    ["a full queue", new WriteQueueFullError(), { certain: true, retryable: true }],
    ["a closed directory", new DirectoryClosedError("/x"), { certain: true, retryable: false }],
  ])("is a certain refusal for %s", (_what, error, fields) => {
    expect(appendFailed(error)).toMatchObject({ code: "LOG_UNAVAILABLE", cause: error, ...fields });
    expect(storeWriteFailed(error)).toMatchObject({ code: "STORE_UNAVAILABLE", ...fields });
  });

  it.each<[string, unknown]>([
    ["a broken disk", lmdbError(EIO)],
    ["no error at all", "text"],
  ])("leaves the outcome of a write open for %s", (_what, error) => {
    const fields = { certain: false, retryable: true };
    expect(appendFailed(error)).toMatchObject({ code: "APPEND_UNKNOWN", ...fields });
    expect(storeWriteFailed(error)).toMatchObject({ code: "STORE_UNKNOWN", ...fields });
    expect(readFailed("LOG_UNAVAILABLE", error)).toMatchObject({
      code: "LOG_UNAVAILABLE",
      certain: true,
      retryable: true,
    });
  });

  it("is left alone when Horae has said it", () => {
    const error = new HoraeError("RECORD_TOO_LARGE", "too large");
    expect(appendFailed(error)).toBe(error);
  });
});
