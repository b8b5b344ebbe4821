import type { HoraeError, TaskHeaders, TaskOptions } from "@horae/core";

/** A task as an application asks for it. See `TaskInput` for `type` and `data`. */
export interface TaskFields {
  /** The serial scope: tasks of one ordering id run one at a time, in order. 1 to 255 bytes. */
  readonly orderingId: string;
  /** ISO 8601 with `Z` or an offset, epoch milliseconds, or a Date. At most ten years from now. */
  readonly scheduledTime: string | number | Date;
  /**
   * Distinguishes tasks of one ordering id at one time. The same key scheduled twice is one task.
   * 1 to 255 bytes; made up when absent.
   */
  readonly uniquenessKey?: string;
  readonly options?: TaskOptions;
  /** `traceparent`, `tracestate` or `horae-*`; at most 4 KiB together. */
  readonly headers?: TaskHeaders;
}

/** `data` may be left out where its type allows undefined. */
type DataField<Data> = undefined extends Data ? { readonly data?: Data } : { readonly data: Data };

/**
 * A task of one of the `Types`, which map task type to the type of its data:
 * `TaskInput<{ "send-reminder": { invoice: number } }>`. Data are any JSON value of at most
 * 256 KiB and 64 levels; integers beyond 2^53 belong into strings.
 */
export type TaskInput<Types extends object = Record<string, unknown>> = {
  [Type in keyof Types & string]: TaskFields & { readonly type: Type } & DataField<Types[Type]>;
}[keyof Types & string];

/** Where a task is, now that it is durable. */
export interface ScheduledTask {
  /** The task key as text, `2026-12-01T09:00:00.000Z/customer-42/invoice-7`. */
  readonly key: string;
  readonly partition: number;
  readonly offset: number;
}

/** What became of one task of a bulk call. */
export type ScheduleOutcome =
  ({ readonly ok: true } & ScheduledTask) | { readonly ok: false; readonly error: HoraeError };
