import type { AppendRequest, HoraeError } from "@horae/core";
import { SeededRandom } from "@horae/core";
import { FakeClock, MemoryLog } from "@horae/testkit";
import type { ClientSettings, TaskInput } from "../src/index.ts";
import { Client } from "../src/client.ts";

/** A client on a log in memory whose appends the test answers, or lets through. */
export function setup(settings: Partial<ClientSettings> = {}) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const log = new MemoryLog({ clock, partitions: 4 });
  const client = new Client({ appender: log, clock, random: new SeededRandom(1), settings });
  return { clock, log, client };
}

export function task(fields: Partial<TaskInput> = {}): TaskInput {
  return {
    type: "remind",
    orderingId: "customer-42",
    scheduledTime: "2026-12-01T09:00:00Z",
    uniquenessKey: "invoice-7",
    ...fields,
  };
}

/** Makes appends wait until `release`; answers the requests that have arrived. */
export function holdAppends(log: MemoryLog, when: "before" | "after" = "before") {
  const arrived: AppendRequest[] = [];
  const waiting: ((error?: HoraeError) => void)[] = [];
  log.intercept = (call) => {
    if (call.operation !== "append" || call.when !== when) return;
    arrived.push(call.args[0] as AppendRequest);
    return new Promise<void>((resolve, reject) => {
      waiting.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };
  return {
    arrived,
    /** Answers the first that waits. */
    release: (error?: HoraeError) => waiting.shift()!(error),
  };
}

/** Fails the first appends with these errors, in order. */
export function failAppends(
  log: MemoryLog,
  errors: readonly HoraeError[],
  when: "before" | "after" = "before",
): { attempts: number } {
  const seen = { attempts: 0 };
  log.intercept = (call) => {
    if (call.operation !== "append" || call.when !== when) return;
    const error = errors[seen.attempts++];
    if (error !== undefined) throw error;
  };
  return seen;
}

export async function rejection(promise: Promise<unknown>): Promise<HoraeError> {
  try {
    await promise;
  } catch (error) {
    return error as HoraeError;
  }
  throw new Error("the promise was not rejected");
}
