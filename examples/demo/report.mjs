import { compareTaskKeys, formatTaskKey, parseTaskKey } from "@horae/core";

/**
 * Compares what the client was told (`outcomes` of `tasks`), what the handler did (`attempts`) and
 * what is stored (`rows`), prints the table, and answers whether all of it is right.
 */
export function report({ tasks, outcomes, attempts, rows }) {
  const acknowledged = new Set(outcomes.filter(({ ok }) => ok).map(({ key }) => key));
  const stored = new Map(rows.map((row) => [formatTaskKey(row.key), row]));
  const ended = new Set(attempts.filter(({ end }) => end !== "retry").map(({ key }) => key));
  const firsts = attempts.filter(({ number }) => number === 1);
  const lateness = firsts.map((attempt) => latenessOf(attempt, stored)).toSorted((a, b) => a - b);
  const expected = (fate) =>
    new Set(tasks.filter(({ data }) => data.fate === fate).map(nameOf)).size;
  const total = new Set(tasks.map(nameOf)).size;
  const count = (status) => rows.filter((row) => row.status?.status === status).length;
  const retried = rows.filter(
    ({ status }) => status?.status === "succeeded" && status.attempts > 1,
  );

  const lines = [
    ["scheduled", acknowledged.size, total, `by ${tasks.length} calls, one task twice`],
    ["succeeded", count("succeeded"), total - expected("fails for good"), ""],
    ["retried", retried.length, expected("fails once"), "failed once, then succeeded"],
    ["failed", count("failed"), expected("fails for good"), "for good, kept as a dead letter"],
    ["duplicates dropped", outcomes.length - rows.length, tasks.length - total, ""],
    ["run twice", attempts.length - total - expected("fails once"), 0, "beside the retries"],
    ["out of order", outOfOrder(attempts), 0, "within a customer, or two at a time"],
    ["missing", [...acknowledged].filter((key) => !ended.has(key)).length, 0, "not run"],
    ["early", lateness.filter((ms) => ms < 0).length, 0, "started before its time"],
  ];
  console.log();
  for (const [name, value, wanted, remark] of lines) {
    const verdict = value === wanted ? remark : `WRONG: expected ${wanted}`;
    console.log(`  ${name.padEnd(20)}${format(value)}   ${verdict}`.trimEnd());
  }
  for (const [name, share] of Object.entries({ p50: 0.5, p99: 0.99, max: 1 })) {
    const ms = lateness[Math.ceil(lateness.length * share) - 1] ?? 0;
    console.log(`  ${`lateness ${name}`.padEnd(20)}${format(ms)} ms`);
  }
  const isRight = lines.every(([, value, wanted]) => value === wanted);
  console.log(isRight ? NEXT : "\nSomething is wrong: see above.");
  return isRight;
}

const NEXT = `
Where to go next:
  README.md                       a node and an application of your own
  npx horae dev --handlers ...    a node on your machine, then: npx horae schedule --help
  examples/demo/demo.mjs          what you have just seen
  docs/architecture.md            how it works`;

const nameOf = ({ uniquenessKey }) => uniquenessKey;

const format = (value) => value.toLocaleString("en-US").padStart(8);

/** Milliseconds from when the task was due (or was appended, if that was later) to its start. */
function latenessOf({ key, startedMs }, stored) {
  const { scheduledTimeMs } = parseTaskKey(key);
  return startedMs - Math.max(scheduledTimeMs, stored.get(key)?.request.appendedAtMs ?? 0);
}

/** Attempts of one customer must start in the order of the keys, one at a time, with growing fences. */
function outOfOrder(attempts) {
  const last = new Map();
  let violations = 0;
  for (const attempt of attempts) {
    const before = last.get(attempt.orderingId);
    last.set(attempt.orderingId, attempt);
    if (before === undefined) continue;
    const inOrder = compareTaskKeys(parseTaskKey(before.key), parseTaskKey(attempt.key)) <= 0;
    const alone = before.endedMs <= attempt.startedMs;
    if (!inOrder || !alone || before.fence >= attempt.fence) violations++;
  }
  return violations;
}
