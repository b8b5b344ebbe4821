import { DateTime } from "luxon";
import type { TaskView } from "../listing/task-view.ts";
import type { Column } from "./table.ts";
import { formatTable } from "./table.ts";

/** Tasks as a table: times in the zone of this machine, and from now. */
export function formatTasks(
  tasks: readonly TaskView[],
  about: { readonly nowMs: number; readonly widthMax: number | null },
): string {
  const base = DateTime.fromMillis(about.nowMs);
  const columns: readonly Column<TaskView>[] = [
    { title: "KEY", text: ({ key }) => key, isWhole: true },
    { title: "STATUS", text: ({ status }) => status },
    { title: "SCHEDULED", text: ({ scheduledTime }) => localTime(scheduledTime) },
    { title: "FROM NOW", text: ({ scheduledTime }) => fromNow(scheduledTime, base) },
    { title: "ATTEMPTS", text: ({ attempts }) => String(attempts) },
    { title: "TYPE", text: ({ type }) => type },
    { title: "LAST ERROR", text: lastErrorText },
  ];
  return formatTable(tasks, columns, about.widthMax);
}

function localTime(text: string): string {
  return DateTime.fromISO(text).toFormat("yyyy-LL-dd HH:mm:ss");
}

function fromNow(text: string, base: DateTime): string {
  return DateTime.fromISO(text).toRelative({ base, locale: "en", style: "narrow" }) ?? "";
}

function lastErrorText({ lastError }: TaskView): string {
  return lastError === null ? "" : `${lastError.code}: ${lastError.message}`;
}
