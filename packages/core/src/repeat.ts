import type { HoraeError } from "./errors.ts";
import { type Clock, sleep } from "./ports/clock.ts";
import type { Random } from "./ports/random.ts";

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 1_000;

/** A start that waits, or whatever else goes on trying. */
export interface Refused {
  readonly error: HoraeError;
  /** How many attempts have failed so far. */
  readonly attempts: number;
  readonly nextInMs: number;
}

export interface RepeatOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each attempt that failed and is followed by another: what waits says why. */
  readonly onRefused?: (refused: Refused) => void;
  /** Ends the attempts. */
  readonly signal?: AbortSignal;
  /** Default: no end. */
  readonly attemptsMax?: number;
  /** Which errors go away by themselves. Default: those that say that they are retryable. */
  readonly isTransient?: (error: HoraeError) => boolean;
}

/**
 * Calls until it succeeds, with pauses that grow from 0.1 s to 1 s (each of random length, down to
 * half of that). `call` throws HoraeErrors only. Throws what is not transient, and the last error
 * when the attempts end.
 */
export async function repeat<T>(options: RepeatOptions, call: () => Promise<T>): Promise<T> {
  const { clock, random, onRefused, signal, attemptsMax = Infinity } = options;
  const isTransient = options.isTransient ?? (({ retryable }) => retryable);
  for (let attempts = 1; ; attempts++) {
    try {
      return await call();
    } catch (thrown) {
      const error = thrown as HoraeError;
      const hasEnded = (): boolean => signal?.aborted === true;
      if (!isTransient(error) || attempts >= attemptsMax || hasEnded()) throw error;
      const longestMs = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(attempts - 1, 10));
      const nextInMs = Math.ceil(longestMs * (0.5 + random.next() / 2));
      onRefused?.({ error, attempts, nextInMs });
      await sleep(clock, nextInMs, signal);
      if (hasEnded()) throw error;
    }
  }
}
