// A node of a cluster. Usage: cluster-node.mjs <config file> <name>
// Writes a line of JSON for each thing that happens. A line is in the pipe when writeSync returns, so
// that it survives the process.
import { writeSync } from "node:fs";
import { createNode } from "@horae/node";

const REPORTED = new Set([
  "takeOverEnded",
  "leaseAdopted",
  "tasksPersisted",
  "bucketDeleted",
  "taskForgotten",
  "leaseReleased",
  "leaseLost",
  "partitionStopped",
  "recordForwarded",
  "recordQuarantined",
  "portFailed",
  "groupChanged",
]);

const [config, name] = process.argv.slice(2);

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Waits, with the whole process, while the pipe is full. */
function note(fields) {
  const line = { ...fields, at: Number(process.hrtime.bigint()) };
  let left = Buffer.from(`${JSON.stringify(line)}\n`);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function noteAttempt(line, { key }, { attempt, epoch, fence, partition }) {
  note({ line, node: name, time: Date.now(), key, attempt, epoch, fence, partition });
}

const handlers = {
  /** Works for a while; fails first if it is told to. */
  work: async (task, context) => {
    noteAttempt("start", task, context);
    const { workMs = 0, failsFirst = false } = task.data ?? {};
    if (workMs > 0) await new Promise((resolve) => setTimeout(resolve, workMs));
    const isRetry = failsFirst && context.attempt === 1;
    noteAttempt(isRetry ? "retry" : "end", task, context);
    if (isRetry) throw new Error("once more");
  },
  /** Takes a minute, or until its node wants to end. */
  long: async (task, context) => {
    noteAttempt("start", task, context);
    const isOver = await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), 60_000);
      context.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
    noteAttempt(isOver ? "end" : "retry", task, context);
    if (!isOver) throw context.signal.reason;
  },
  /** Never ends, in its first attempts. */
  hang: async (task, context) => {
    noteAttempt("start", task, context);
    if (context.attempt <= task.data.hangs) await new Promise(() => undefined);
    noteAttempt("end", task, context);
  },
  /** Blocks the event loop, for ever. */
  block: (task, context) => {
    noteAttempt("start", task, context);
    for (;;);
  },
  /** Takes memory until the process has no more. */
  leak: async (task, context) => {
    noteAttempt("start", task, context);
    const kept = [];
    for (;;) {
      kept.push(Array.from({ length: 100_000 }, (_, at) => `${task.key} ${at}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  /** Kills its process, in its first attempts. */
  kill: async (task, context) => {
    noteAttempt("start", task, context);
    if (context.attempt <= task.data.kills) process.kill(process.pid, "SIGKILL");
    noteAttempt("end", task, context);
  },
};

const node = createNode({
  config,
  handlers,
  telemetry: {
    emit: (event) => {
      if (REPORTED.has(event.type)) note({ line: "event", ...event });
    },
  },
});
process.once("SIGTERM", () => {
  // As `horae run` does: after lost answers the driver keeps connections that nobody has closed.
  node.stop().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
await node.start();
note({ line: "ready", url: node.url });
