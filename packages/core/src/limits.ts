/** Longest id (ordering id, uniqueness key), in bytes of UTF-8. */
export const ID_BYTES_MAX = 255;

/** Longest JSON text of a task's data, in bytes of UTF-8: 256 KiB. */
export const DATA_BYTES_MAX = 256 * 1024;

/** Deepest nesting of arrays and objects in a task's data; `[]` is one level, `1` is none. */
export const DATA_LEVELS_MAX = 64;

/** All headers of a task together, names and values, in bytes of UTF-8: 4 KiB. */
export const HEADERS_BYTES_MAX = 4 * 1024;

/** How far ahead of now a task may be scheduled, milliseconds: ten years of 365.25 days. */
export const HORIZON_MS = 10 * 365.25 * 24 * 3_600_000;

/** 9999-12-31T23:59:59.999Z, epoch milliseconds: the last instant with a year of four digits. */
export const SCHEDULED_TIME_MAX_MS = 253_402_300_799_999;

export const ATTEMPTS_MAX = 1_000;

/** Longest attempt time-out and longest back-off, milliseconds: 7 days. */
export const DURATION_MAX_MS = 7 * 24 * 3_600_000;

export const BACKOFF_FACTOR_MAX = 100;

/** Names of task types and of queues. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The highest version of the wire record that this code reads. */
export const WIRE_VERSION = 1;
