import type { ScheduleOutcome } from "@horae/client";

/** What became of one task of a batch. */
export type OutcomeView =
  | { readonly ok: true; readonly key: string; readonly partition: number; readonly offset: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly detail: string;
      /** False: the task may have been appended all the same. */
      readonly certain: boolean;
      readonly key?: string;
    };

export function outcomeView(outcome: ScheduleOutcome): OutcomeView {
  if (outcome.ok) {
    const { key, partition, offset } = outcome;
    return { ok: true, key, partition, offset };
  }
  const { code, message, certain, details } = outcome.error;
  const key = details["key"];
  return {
    ok: false,
    code,
    detail: message,
    certain,
    ...(typeof key === "string" && { key }),
  };
}
