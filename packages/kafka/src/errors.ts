import { HoraeError } from "@horae/core";
import {
  APPEND_REFUSED_ALWAYS,
  APPEND_REFUSED_NOW,
  APPEND_TOO_LARGE,
  nameOfCode,
} from "./broker-codes.ts";

/**
 * What an error of kafkajs says about the request:
 * - `unreachable`: there was no connection, so nothing was sent;
 * - `unanswered`: it was sent (or may have been), and no answer came;
 * - `refused`: a broker answered with an error;
 * - `unreadable`: an answer came and could not be read, or kafkajs itself failed.
 */
export type FailureKind = "unreachable" | "unanswered" | "refused" | "unreadable";

export interface KafkaFailure {
  readonly kind: FailureKind;
  /** Name of the broker's error when it is `refused`, else of kafkajs' error. */
  readonly name: string;
  readonly message: string;
}

interface KafkaJsError {
  readonly name: string;
  readonly message: string;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** Wrapped around the error that counts. */
const WRAPPERS = ["KafkaJSNumberOfRetriesExceeded", "KafkaJSNonRetriableError"];

const UNREACHABLE = [
  "KafkaJSBrokerNotFound",
  "KafkaJSLockTimeout",
  "KafkaJSNoBrokerAvailableError",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSSASLAuthenticationError",
];

/** Socket errors that only the opening of a connection has. */
const NO_CONNECTION = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];
/** Thrown before anything is written; the last one is a plain `Error`. */
const NO_CONNECTION_MESSAGES = ["Not connected", "Connection timeout", "Broker not connected"];

/** The one place that knows kafkajs' errors; told apart by name, as its classes cannot be imported. */
export function failureOf(error: unknown): KafkaFailure {
  const root = rootOf(error);
  const { name, message } = root;
  if (typeof root.type === "string") return { kind: "refused", name: root.type, message };
  return { kind: kindOf(root), name, message };
}

function kindOf({ name, message, code }: KafkaJsError): FailureKind {
  if (UNREACHABLE.includes(name) || NO_CONNECTION_MESSAGES.includes(message)) return "unreachable";
  if (name === "KafkaJSRequestTimeoutError" || name === "KafkaJSConnectionClosedError") {
    return "unanswered";
  }
  if (name !== "KafkaJSConnectionError") return "unreadable";
  return NO_CONNECTION.includes(String(code)) ? "unreachable" : "unanswered";
}

function rootOf(error: unknown): KafkaJsError {
  let root = asError(error);
  while (WRAPPERS.includes(root.name) && root.cause instanceof Error && root.cause !== root) {
    root = asError(root.cause);
  }
  return root;
}

function asError(error: unknown): KafkaJsError {
  return error instanceof Error ? error : { name: "Error", message: String(error) };
}

/** For reads and group requests: they may be made again, except where the broker forbids them. */
export function logUnavailable(what: string, error: unknown): HoraeError {
  if (error instanceof HoraeError) return error;
  const failure = failureOf(error);
  const retryable = !/AUTHORIZATION|AUTHENTICATION|SASL/i.test(failure.name);
  return new HoraeError("LOG_UNAVAILABLE", `${what}: ${failure.message} (${failure.name})`, {
    details: { failure: failure.name },
    cause: error,
    retryable,
  });
}

/** For an append whose request failed as a whole. */
export function appendFailed(error: unknown): HoraeError {
  if (error instanceof HoraeError) return error;
  if (failureOf(error).kind === "unreachable") return logUnavailable("append", error);
  const { name, message } = failureOf(error);
  return appendUnknown(`${message} (${name})`, { failure: name, cause: error });
}

/** For an append that the leader answered with an error code. `partition` is for the message. */
export function appendRefused(code: number, partition: number): HoraeError {
  const failure = nameOfCode(code);
  const details = { partition, failure };
  const message = `append: the leader of partition ${partition} answered ${failure}`;
  if (APPEND_TOO_LARGE.has(code)) return new HoraeError("RECORD_TOO_LARGE", message, { details });
  if (APPEND_REFUSED_NOW.has(code) || APPEND_REFUSED_ALWAYS.has(code)) {
    const retryable = APPEND_REFUSED_NOW.has(code);
    return new HoraeError("LOG_UNAVAILABLE", message, { details, retryable });
  }
  return appendUnknown(failure, { failure });
}

function appendUnknown(
  why: string,
  { failure, cause }: { failure: string; cause?: unknown },
): HoraeError {
  return new HoraeError("APPEND_UNKNOWN", `append: the log may have the record: ${why}`, {
    details: { failure },
    cause,
    certain: false,
    retryable: true,
  });
}

export function logGap(partition: number, message: string): HoraeError {
  return new HoraeError("LOG_GAP", `partition ${partition}: ${message}`, {
    details: { partition },
  });
}
