import { HoraeError } from "@horae/core";
import { appendFailed, failureOf, logUnavailable } from "../src/errors.ts";
import { kafkaJsError } from "./kafkajs-error.ts";

test.each([
  [{ name: "KafkaJSConnectionError", code: "ECONNREFUSED" }, "unreachable"],
  [{ name: "KafkaJSConnectionError", code: "ENOTFOUND" }, "unreachable"],
  [{ name: "KafkaJSConnectionError", message: "Not connected" }, "unreachable"],
  [{ name: "KafkaJSConnectionError", message: "Connection timeout" }, "unreachable"],
  [{ name: "Error", message: "Broker not connected" }, "unreachable"],
  // A reset may hit a request that was sent.
  [{ name: "KafkaJSConnectionError", code: "ECONNRESET" }, "unanswered"],
  [{ name: "KafkaJSConnectionClosedError" }, "unanswered"],
  [{ name: "KafkaJSRequestTimeoutError" }, "unanswered"],
  [{ name: "KafkaJSBrokerNotFound" }, "unreachable"],
  [{ name: "KafkaJSSASLAuthenticationError" }, "unreachable"],
  [{ name: "KafkaJSProtocolError", type: "NOT_COORDINATOR_FOR_GROUP", code: 16 }, "refused"],
  [{ name: "KafkaJSNotImplemented", message: "LZ4 compression not implemented" }, "unreadable"],
  [{ name: "TypeError" }, "unreadable"],
] as const)("%j is %s", (fields, kind) => {
  expect(failureOf(kafkaJsError(fields)).kind).toBe(kind);
});

test("the error that counts is found inside kafkajs' wrappers", () => {
  const cause = kafkaJsError({ name: "KafkaJSProtocolError", type: "UNKNOWN_MEMBER_ID" });
  const inner = kafkaJsError({ name: "KafkaJSNonRetriableError", cause });
  const outer = kafkaJsError({ name: "KafkaJSNumberOfRetriesExceeded", cause: inner });
  expect(failureOf(outer)).toMatchObject({ kind: "refused", name: "UNKNOWN_MEMBER_ID" });
});

test("what is not an error at all is unreadable", () => {
  expect(failureOf("odd")).toMatchObject({ kind: "unreadable", message: "odd" });
});

test("a log that forbids something does not allow it later", () => {
  const denied = { name: "KafkaJSProtocolError", type: "TOPIC_AUTHORIZATION_FAILED" };
  expect(logUnavailable("read", kafkaJsError(denied))).toMatchObject({
    code: "LOG_UNAVAILABLE",
    retryable: false,
  });
  const login = { name: "KafkaJSSASLAuthenticationError" };
  expect(logUnavailable("read", kafkaJsError(login)).retryable).toBe(false);
});

test("an error of Horae stays what it is", () => {
  const error = new HoraeError("LOG_UNAVAILABLE", "closed");
  expect(logUnavailable("read", error)).toBe(error);
  expect(appendFailed(error)).toBe(error);
});
