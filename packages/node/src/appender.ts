import type { LogAppender } from "@horae/core";

/** A log for a client that must not close it: who opened the log closes it. */
export function appenderOf(log: LogAppender): LogAppender {
  return {
    partitionCount: () => log.partitionCount(),
    append: (request) => log.append(request),
    close: () => Promise.resolve(),
  };
}
