import { formatIso8601 } from "./iso8601.ts";
import type { TaskKey, TaskOptions } from "./task.ts";
import { encodeUtf8 } from "./utf8.ts";

/** What a schedule record says. */
export interface ScheduleRecord {
  readonly key: TaskKey;
  readonly type: string;
  /** JSON text; written as it is. */
  readonly dataJson: string;
  readonly options: TaskOptions;
}

/** The value of a schedule record. Headers and message key travel beside it. */
export function encodeScheduleRecord(task: ScheduleRecord): Uint8Array {
  return encodeUtf8(scheduleRecordText(task));
}

/** As `encodeScheduleRecord`, as text: version 1, and no field that says only what is the default. */
export function scheduleRecordText(task: ScheduleRecord): string {
  const { scheduledTimeMs, orderingId, uniquenessKey } = task.key;
  const data = task.dataJson === "null" ? "" : `,"data":${task.dataJson}`;
  const optionsJson = JSON.stringify(task.options);
  const options = optionsJson === "{}" ? "" : `,"options":${optionsJson}`;
  return (
    `{"version":1,"command":"schedule","orderingId":${JSON.stringify(orderingId)}` +
    `,"scheduledTime":"${formatIso8601(scheduledTimeMs)}"` +
    `,"uniquenessKey":${JSON.stringify(uniquenessKey)}` +
    `,"type":${JSON.stringify(task.type)}${data}${options}}`
  );
}
