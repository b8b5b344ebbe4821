import { Type } from "@sinclair/typebox";
import type { TObject, TProperties, TSchema } from "@sinclair/typebox";
import { STALE_AFTER_MS } from "../listing/list-query.ts";
import { TASK_STATUSES } from "../listing/task-view.ts";

// What the interface takes and answers, for its OpenAPI document. Tasks are checked by core alone.

const open = (properties: TProperties, description: string): TObject =>
  Type.Object(properties, { description });
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const time = Type.String({ format: "date-time", description: "ISO 8601 in UTC" });

const backoff = Type.Partial(
  Type.Object({
    initialMs: Type.Integer({ minimum: 0 }),
    factor: Type.Number({ minimum: 1, maximum: 100 }),
    maxMs: Type.Integer({ minimum: 0 }),
    jitter: Type.Number({ minimum: 0, maximum: 1 }),
  }),
  { description: "Pauses between attempts, milliseconds" },
);

const options = Type.Partial(
  Type.Object({
    maxAttempts: Type.Integer({ minimum: 1, maximum: 1_000 }),
    attemptTimeoutMs: Type.Integer({ minimum: 1 }),
    onRetry: Type.Union([Type.Literal("block"), Type.Literal("skip")]),
    backoff,
  }),
);

const headers = Type.Record(Type.String(), Type.String());
const data = Type.Unknown({ description: "Any JSON, up to 256 KiB" });

export const taskInputSchema = Type.Object(
  {
    type: Type.String({ description: "Task type: which handler runs it" }),
    orderingId: Type.String({ description: "Tasks of one ordering id run one at a time" }),
    scheduledTime: Type.Union([Type.String({ format: "date-time" }), Type.Integer()], {
      description: "ISO 8601 with Z or an offset, or epoch milliseconds",
    }),
    uniquenessKey: Type.Optional(
      Type.String({ description: "The same key scheduled twice is one task; made up if absent" }),
    ),
    data: Type.Optional(data),
    options: Type.Optional(options),
    headers: Type.Optional(headers),
  },
  { additionalProperties: false },
);

export const batchInputSchema = Type.Object(
  { tasks: Type.Array(taskInputSchema, { minItems: 1, maxItems: 1_000 }) },
  { additionalProperties: false },
);

const place = { key: Type.String(), partition: Type.Integer(), offset: Type.Integer() };

export const scheduledSchema = open(place, "The log has the task");

const outcome = Type.Union([
  Type.Object({ ok: Type.Literal(true), ...place }),
  Type.Object({
    ok: Type.Literal(false),
    code: Type.String(),
    detail: Type.String(),
    certain: Type.Boolean({ description: "False: the task may have been appended all the same" }),
    key: Type.Optional(Type.String()),
  }),
]);

export const batchSchema = open({ tasks: Type.Array(outcome) }, "The log has all tasks");

export const taskSchema = open(
  {
    key: Type.String(),
    type: Type.String(),
    orderingId: Type.String(),
    scheduledTime: time,
    uniquenessKey: Type.String(),
    status: Type.Union(TASK_STATUSES.map((status) => Type.Literal(status))),
    attempts: Type.Integer({ description: "Those that count, one that runs included" }),
    nextAttemptTime: orNull(time),
    lastError: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
    result: Type.Unknown(),
    finishedTime: orNull(time),
    data: Type.Unknown(),
    options,
    headers,
    partition: Type.Integer(),
    offset: Type.Integer(),
    appendedTime: time,
  },
  "A task as the store has it",
);

export const pageSchema = open(
  {
    tasks: Type.Array(taskSchema),
    nextPageToken: orNull(Type.String({ description: "Where the next page begins" })),
    rowsRead: Type.Integer(),
    isCutShort: Type.Boolean({
      description: "The page ended because it had read ten rows for each task that it may have",
    }),
  },
  "Tasks in the order of their keys; failed ones in the order of their failures",
);

export const problemSchema = open(
  {
    type: Type.String(),
    status: Type.Integer(),
    title: Type.String(),
    code: Type.String({ description: "Stable: programs may switch on it" }),
    detail: Type.String(),
    problems: Type.Optional(
      Type.Array(
        Type.Object({ code: Type.String(), path: Type.String(), expected: Type.String() }),
      ),
    ),
    key: Type.Optional(Type.String()),
    certain: Type.Optional(Type.Boolean()),
    outcomes: Type.Optional(Type.Array(outcome)),
  },
  "A problem as RFC 9457 has it",
);

const check = orNull(Type.String({ description: "What is wrong" }));

export const readinessSchema = open(
  {
    status: Type.String(),
    checks: Type.Object({
      started: check,
      group: check,
      partitions: check,
      log: check,
      store: check,
      disk: check,
    }),
  },
  "Whether the node does its part",
);

export const healthSchema = open({ status: Type.Literal("ok") }, "The process lives");

export const queueParams = Type.Object({ queue: Type.String() });

export const taskParams = Type.Object({
  queue: Type.String(),
  scheduledTime: Type.String(),
  orderingId: Type.String(),
  uniquenessKey: Type.String(),
});

export const listQuerySchema = Type.Partial(
  Type.Object({
    orderingId: Type.String(),
    status: Type.Union(TASK_STATUSES.map((status) => Type.Literal(status))),
    type: Type.String(),
    from: Type.String({ format: "date-time", description: "Inclusive; default an hour ago" }),
    to: Type.String({ format: "date-time", description: "Exclusive; default in an hour" }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    pageToken: Type.String(),
  }),
);

export const staleQuerySchema = Type.Partial(
  Type.Object({
    olderThanMs: Type.Integer({ minimum: 0, default: STALE_AFTER_MS }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    pageToken: Type.String(),
  }),
);

export const quarantineQuerySchema = Type.Partial(
  Type.Object({
    reason: Type.String(),
    position: Type.String({ description: "<partition>/<offset>" }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
  }),
);

const base64 = orNull(Type.String({ contentEncoding: "base64" }));

export const quarantinePageSchema = open(
  {
    records: Type.Array(
      Type.Object({
        position: Type.String(),
        reason: Type.String(),
        message: Type.String(),
        appendedTime: Type.String(),
        quarantinedTime: Type.String(),
        isReplayed: Type.Boolean(),
        key: base64,
        value: base64,
        headers,
        cut: orNull(Type.Object({ length: Type.Integer(), sha256: Type.String() })),
      }),
    ),
    isCutShort: Type.Boolean({ description: "There are more" }),
  },
  "Records that could not be taken for tasks",
);

export const replayInputSchema = Type.Object(
  { reason: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export const replaySchema = open(
  {
    replayed: Type.Integer(),
    cut: Type.Array(Type.String({ description: "Left out: only its beginning was kept" })),
  },
  "What was appended again",
);
