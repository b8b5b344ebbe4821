import type { LogAppender } from "@horae/core";
import { HoraeError, NAME_PATTERN } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import { Client } from "./client.ts";
import type { ClientSettings } from "./client-settings.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

/** Which queue to schedule on, where its log is, and the limits of the client. */
export interface ConnectSettings extends Partial<ClientSettings> {
  readonly queue?: {
    /** Default `default`. */
    readonly name?: string;
    /** As the queue was created with. Needed only where a directory holds no queue yet. */
    readonly partitions?: number;
    /** As the queue was created with. Needed only where a directory holds no queue yet. */
    readonly bucketMs?: number;
  };
  /** A directory of this machine. Nodes and clients of one process share it. */
  readonly embedded?: { readonly dir: string };
  /** Not in this build. */
  readonly kafka?: { readonly brokers: readonly string[] };
}

/**
 * Defaults of a client on a directory. A directory refuses when it is full, and then for long: a
 * caller should know at once and not after `appendTimeoutMs`. Within a second a burst that was
 * larger than memory has gone through.
 */
export const EMBEDDED_CLIENT_SETTINGS: Partial<ClientSettings> = { refusalTimeoutMs: 1_000 };

/**
 * Connects to the log of a queue. `Types` maps task type to the type of its data, so that the
 * compiler checks both: `createClient<{ "send-reminder": { invoice: number } }>(...)`.
 *
 * Throws `SETTINGS_INVALID`; for a directory also `DIRECTORY_IN_USE` (another process has it open;
 * `details` has its pid and its URL, where it can be asked), `QUEUE_UNKNOWN` (no queue there yet),
 * `QUEUE_SETTINGS_MISMATCH` and `STORE_UNAVAILABLE`.
 */
export async function createClient<Types extends object = Record<string, unknown>>(
  settings: ConnectSettings,
): Promise<Client<Types>> {
  const { queue, embedded, kafka, ...limits } = checkSettings(settings);
  if (kafka !== undefined) throw invalid("kafka", "not in this build; give embedded.dir instead");
  if (embedded === undefined) throw invalid("embedded", "say where the queue is: embedded.dir");
  const appender = await openDirectory(embedded.dir, queue);
  const ports = { appender, clock: systemClock, random: systemRandom };
  try {
    return new Client<Types>({ ...ports, settings: { ...EMBEDDED_CLIENT_SETTINGS, ...limits } });
  } catch (error) {
    await appender.close();
    throw error;
  }
}

async function openDirectory(dir: string, queue: ConnectSettings["queue"]): Promise<LogAppender> {
  const wanted = { ...queue, name: queue?.name ?? "default" };
  const { log, close } = await openEmbedded({ dir, queue: wanted, clock: systemClock });
  return {
    partitionCount: () => log.partitionCount(),
    append: (request) => log.append(request),
    close,
  };
}

const NAMES: Readonly<Record<keyof ConnectSettings, true>> = {
  queue: true,
  embedded: true,
  kafka: true,
  appendTimeoutMs: true,
  refusalTimeoutMs: true,
  inFlightTasksMax: true,
  waitingTasksMax: true,
};

/** What the compiler would have said, for those who do not use it. */
function checkSettings(settings: ConnectSettings): ConnectSettings {
  for (const name of Object.keys(settings)) {
    if (!Object.hasOwn(NAMES, name)) throw invalid(name, "no such setting");
  }
  const { queue, embedded } = settings;
  if (queue?.name !== undefined && !NAME_PATTERN.test(queue.name)) {
    throw invalid("queue.name", `expected a name that matches ${NAME_PATTERN.source}`);
  }
  if (embedded !== undefined && (typeof embedded.dir !== "string" || embedded.dir === "")) {
    throw invalid("embedded.dir", "expected the path of a directory");
  }
  return settings;
}

function invalid(path: string, message: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", `${path}: ${message}`, { details: { path } });
}
