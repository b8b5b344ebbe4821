import type { LogAppender } from "@horae/core";
import { Client } from "./client.ts";
import type { ClientSettings } from "./client-settings.ts";
import type { ConnectSettings, NamedQueue } from "./connect-settings.ts";
import { checkConnectSettings } from "./connect-settings.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

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
 * On Kafka it connects when the first task is scheduled; while Kafka is away, `scheduleTask()` waits
 * as long as `refusalTimeoutMs` says.
 *
 * Throws `SETTINGS_INVALID`; for a directory also `DIRECTORY_IN_USE` (another process has it open;
 * `details` has its pid and its URL, where it can be asked), `QUEUE_UNKNOWN` (no queue there yet),
 * `QUEUE_SETTINGS_MISMATCH` and `STORE_UNAVAILABLE`.
 */
export async function createClient<Types extends object = Record<string, unknown>>(
  settings: ConnectSettings,
): Promise<Client<Types>> {
  const { queue, place, limits } = checkConnectSettings(settings);
  const isDirectory = "embedded" in place;
  const appender = await (isDirectory
    ? openDirectory(place.embedded.dir, queue)
    : openTopic(place.kafka, queue.name));
  const ports = { appender, clock: systemClock, random: systemRandom };
  const defaults = isDirectory ? EMBEDDED_CLIENT_SETTINGS : {};
  try {
    return new Client<Types>({ ...ports, settings: { ...defaults, ...limits } });
  } catch (error) {
    await appender.close();
    throw error;
  }
}

// Each loads its own adapter: who schedules over Kafka needs no storage engine in the process.

async function openTopic(
  kafka: NonNullable<ConnectSettings["kafka"]>,
  queueName: string,
): Promise<LogAppender> {
  const { openKafkaAppender } = await import("@horae/kafka");
  const topic = kafka.topic ?? `horae.${queueName}`;
  return openKafkaAppender({ settings: { ...kafka, topic }, clock: systemClock });
}

async function openDirectory(dir: string, queue: NamedQueue): Promise<LogAppender> {
  const { openEmbedded } = await import("@horae/embedded");
  const { log, close } = await openEmbedded({ dir, queue, clock: systemClock });
  return {
    partitionCount: () => log.partitionCount(),
    append: (request) => log.append(request),
    close,
  };
}
