// A node whose clock and whose death a test decides. Usage: retention-node.mjs <config> <name> <control>
// The control file is read at the start and at SIGUSR2: { offsetMs, trap: null | { operation, when, signal } }.
// A trap ends or stops the process at the call of the store that it names, `before` it is sent or `after` it was
// answered; it springs once.
import { readFileSync, writeSync } from "node:fs";
import { CassandraConnection } from "@horae/cassandra";
import { systemClock } from "@horae/client";
import { createNode } from "@horae/node";

const [config, name, controlFile] = process.argv.slice(2);
let control;
function readControl() {
  control = JSON.parse(readFileSync(controlFile, "utf8"));
}
readControl();
process.on("SIGUSR2", readControl);

function note(fields) {
  writeSync(1, `${JSON.stringify({ ...fields, at: Number(process.hrtime.bigint()) })}\n`);
}

function spring(operation, when) {
  const { trap } = control;
  if (trap === null || trap.operation !== operation || trap.when !== when) return;
  control.trap = null;
  note({ line: "trap", operation, when });
  process.kill(process.pid, trap.signal);
}

const TRAPPED = ["writeSummary", "deleteBucketTasks", "deleteSummary"];
const connection = CassandraConnection.prototype;
/** Calls a method as it was. */
const original = (method) => {
  const { value } = Object.getOwnPropertyDescriptor(connection, method);
  return (self, ...words) => value.call(self, ...words);
};
const openTaskStore = original("taskStore");
const openLeaseStore = original("leaseStore");
connection.taskStore = function (queue) {
  const store = openTaskStore(this, queue);
  for (const operation of TRAPPED) {
    const call = store[operation].bind(store);
    store[operation] = async (write) => {
      // Of the summaries only the mark of a deletion.
      const counts = operation !== "writeSummary" || write.summary.state === "deleting";
      if (counts) spring(operation, "before");
      const answer = await call(write);
      if (counts) spring(operation, "after");
      return answer;
    };
  }
  return store;
};
/** The time of the store is the test's time too. */
connection.leaseStore = function (queue) {
  const leases = openLeaseStore(this, queue);
  const nowMs = leases.nowMs.bind(leases);
  leases.nowMs = async () => (await nowMs()) + control.offsetMs;
  return leases;
};

const clock = {
  nowMs: () => systemClock.nowMs() + control.offsetMs,
  monotonicMs: () => systemClock.monotonicMs(),
  setTimer: (delayMs, fire) => systemClock.setTimer(delayMs, fire),
};

const node = createNode({
  config,
  clock,
  engine: { retentionEveryMs: 500 },
  handlers: {
    work: async (task, { attempt, epoch, fence, partition }) => {
      const line = {
        node: name,
        time: clock.nowMs(),
        key: task.key,
        attempt,
        epoch,
        fence,
        partition,
      };
      note({ line: "start", ...line });
      note({ line: "end", ...line });
    },
  },
  telemetry: {
    emit: (event) => {
      if (["bucketDeleted", "leaseLost"].includes(event.type)) note({ line: "event", ...event });
    },
  },
});
process.once("SIGTERM", () => void node.stop());
await node.start();
note({ line: "ready", url: node.url });
