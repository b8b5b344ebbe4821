import { type Clock, HoraeError, type Random, sleep } from "@horae/core";
import { storeError } from "./errors.ts";

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 1_000;

export interface Refused {
  readonly error: HoraeError;
  /** How many attempts have failed so far. */
  readonly attempts: number;
  readonly nextInMs: number;
}

export interface RepeatOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each attempt that failed and is followed by another: a start that waits says why. */
  readonly onRefused?: (refused: Refused) => void;
  /** Ends the attempts. */
  readonly signal?: AbortSignal;
  /** Default: no end. */
  readonly attemptsMax?: number;
}

/** Tries until it succeeds, with back-off. Throws what trying again does not cure, and the last error. */
export async function repeat<T>(
  what: string,
  options: RepeatOptions,
  call: () => Promise<T>,
): Promise<T> {
  const { clock, random, onRefused, signal, attemptsMax = Infinity } = options;
  for (let attempts = 1; ; attempts++) {
    try {
      return await call();
    } catch (thrown) {
      const error = storeError(thrown, "connect", "read");
      if (!error.retryable || attempts >= attemptsMax) throw error;
      const longestMs = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(attempts - 1, 10));
      const nextInMs = Math.ceil(longestMs * (0.5 + random.next() / 2));
      onRefused?.({ error, attempts, nextInMs });
      await sleep(clock, nextInMs, signal);
      if (signal?.aborted === true) {
        throw new HoraeError("STORE_UNAVAILABLE", `gave up: ${what}`, { cause: error });
      }
    }
  }
}
