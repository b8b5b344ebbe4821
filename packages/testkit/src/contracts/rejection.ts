import type { HoraeError } from "@horae/core";

/** The error that a promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<HoraeError> {
  return promise.then(
    () => {
      throw new Error("the promise was not rejected");
    },
    (error: unknown) => error as HoraeError,
  );
}
