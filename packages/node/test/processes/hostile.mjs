/* oxlint-disable unicorn/no-thenable, typescript/no-floating-promises --
   what the rules forbid is what this process is for */
// A node whose handlers do what they should not, beside one that behaves. Usage: hostile.mjs <dir>.
// Prints one line of JSON: what has become of each task, and what the node has logged as leaks.
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";

const [dir] = process.argv.slice(2);
const config = { queue: { name: "hostile" }, embedded: { dir } };

const circular = {};
circular.self = circular;

const untouchable = new Proxy(
  {},
  {
    get: () => {
      throw new Error("do not touch");
    },
  },
);

const handlers = {
  good: (task) => ({ number: task.data }),
  "good-without-result": () => undefined,
  "throws-undefined": () => {
    throw undefined;
  },
  "throws-text": () => {
    throw "just text";
  },
  "throws-untouchable": () => {
    throw untouchable;
  },
  "rejects-null": () => Promise.reject(null),
  "rejects-twice": () => ({
    then: (_resolve, reject) => {
      reject(new Error("first"));
      reject(new Error("second"));
      throw new Error("third");
    },
  }),
  "is-no-promise": () => ({
    get then() {
      throw new Error("no then");
    },
  }),
  "never-resolves": () => new Promise(() => undefined),
  "resolves-after-abort": (_task, { signal }) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve("late"))),
  "leaks-now": () => {
    Promise.reject(new Error("leaked at once"));
  },
  "leaks-later": async () => {
    setTimeout(() => void Promise.reject(new Error("leaked later")), 50);
  },
  "leaks-text": () => void Promise.reject("leaked text"),
  "gives-bigint": () => 1n,
  "gives-circular": () => circular,
  "gives-function": () => () => undefined,
  "gives-untouchable": () => untouchable,
  "gives-too-much": () => "x".repeat(100_000),
  "spoils-its-arguments": (task, ctx) => {
    for (const thing of [task, ctx])
      for (const name of Object.keys(thing)) Reflect.deleteProperty(thing, name);
  },
};

const ended = new Map();
const leaks = [];
let wake = () => undefined;
const noteLine = (fields, message) => {
  if (/left a promise behind/.test(message)) leaks.push(String(fields.err?.message ?? fields.err));
  wake();
};

const node = createNode({
  config,
  handlers,
  engine: { abortGraceMs: 100 },
  telemetry: {
    emit: (event) => {
      if (event.type !== "attemptEnded") return;
      ended.set(event.key.orderingId, { outcome: event.outcome, code: event.code });
      wake();
    },
  },
  logger: { ...levels(noteLine), isLevelEnabled: (level) => level !== "debug" },
});
await node.start();

const client = await createClient({ queue: { name: "hostile" }, embedded: { dir } });
const tasks = Object.keys(handlers).map((type) => ({
  type,
  orderingId: type,
  scheduledTime: Date.now(),
  options: { maxAttempts: 1, attemptTimeoutMs: 200 },
}));
for (let number = 0; number < 200; number++) {
  const orderingId = `bystander-${number}`;
  tasks.push({ type: "good", orderingId, scheduledTime: Date.now() + number, data: number });
}
await client.scheduleTasks(tasks);
while (ended.size < tasks.length || leaks.length < 3) await new Promise((next) => (wake = next));
await client.close();
await node.stop();
process.stdout.write(`${JSON.stringify({ ended: Object.fromEntries(ended), leaks })}\n`);

function levels(log) {
  return { debug: log, info: log, warn: log, error: log };
}
