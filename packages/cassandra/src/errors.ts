import { HoraeError } from "@horae/core";
import { driverErrors, responseCodes } from "./driver.ts";

/**
 * `read`: changes nothing. `write`: rows with an explicit timestamp. `swap`: a lightweight
 * transaction, of which Cassandra may finish later what it has begun.
 */
export type Deed = "read" | "write" | "swap";

/** Refusals of a coordinator that come before it sends a plain write to any replica. */
const REFUSED_BEFORE_WRITING: readonly number[] = [
  responseCodes.unavailableException,
  responseCodes.overloaded,
  responseCodes.isBootstrapping,
  responseCodes.syntaxError,
  responseCodes.unauthorized,
  responseCodes.invalid,
  responseCodes.configError,
  responseCodes.badCredentials,
  responseCodes.unprepared,
];

/** Refusals that come before the coordinator looks at the values of any statement. */
const REFUSED_AT_SIGHT: readonly number[] = [
  responseCodes.syntaxError,
  responseCodes.unauthorized,
  responseCodes.invalid,
  responseCodes.badCredentials,
  responseCodes.unprepared,
];

/**
 * What an error of the driver means: `STORE_UNAVAILABLE` when nothing was or will be written, else
 * `STORE_UNKNOWN`. The one place that knows; nothing above this package sees a driver's error.
 */
export function storeError(error: unknown, operation: string, deed: Deed): HoraeError {
  if (error instanceof HoraeError) return error;
  const isCertain = deed === "read" || isNeverWritten(error, deed);
  const text = textOf(error);
  const end = isCertain ? "nothing was written" : "it may have been written";
  return new HoraeError(
    isCertain ? "STORE_UNAVAILABLE" : "STORE_UNKNOWN",
    deed === "read" ? `${operation}: ${text}` : `${operation}: ${text}; ${end}`,
    { cause: error, certain: isCertain, retryable: true, details: { operation } },
  );
}

/** One line. That no host answered says nothing; what one of them said does. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner: readonly (readonly [host: string, error: unknown])[] =
    error instanceof driverErrors.NoHostAvailableError
      ? Object.entries(error.innerErrors ?? {})
      : [];
  const [first] = inner;
  if (first === undefined) return `${error.name}: ${error.message.split("\n", 1)[0]}`;
  return `no host answers; ${first[0]}: ${textOf(first[1])}`;
}

/** True when no server can have begun to apply the statement. */
function isNeverWritten(error: unknown, deed: Deed): boolean {
  if (error instanceof driverErrors.NoHostAvailableError) {
    // Nobody was asked, or everybody who was asked refused. A host that is down has a text for error.
    return Object.values(error.innerErrors ?? {}).every(
      (inner: unknown) =>
        typeof inner !== "object" || inner === null || isNeverWritten(inner, deed),
    );
  }
  if (error instanceof driverErrors.BusyConnectionError) return true;
  if (error instanceof driverErrors.ResponseError) {
    // A transaction may go through several rounds; one that began to propose can end as unavailable.
    return (deed === "swap" ? REFUSED_AT_SIGHT : REFUSED_BEFORE_WRITING).includes(error.code);
  }
  // A socket that broke before it took the request. One that broke later, a time-out, or an error
  // that nobody has met yet, says nothing.
  return (error as { requestNotWritten?: boolean } | null)?.requestNotWritten === true;
}

/**
 * The error of a write that went out in several parts: it is certain only when none of the parts
 * was, or may have been, written.
 */
export function combinedError(failures: readonly HoraeError[], parts: number): HoraeError {
  const first = failures[0]!;
  const isCertain = failures.length === parts && failures.every(({ certain }) => certain);
  if (first.certain === isCertain) return first;
  const unknown = failures.find(({ certain }) => !certain);
  if (unknown !== undefined) return unknown;
  const message = `${first.message} (${failures.length} of ${parts} parts failed)`;
  const { cause, details } = first;
  return new HoraeError("STORE_UNKNOWN", message, {
    cause,
    details,
    certain: false,
    retryable: true,
  });
}
