// A process with a directory open, for tests that kill it. Usage: child.mjs <command> <dir> <seed>.
// It says what it does on its standard output, one line each; a line is written before the next
// step is taken, so that what the parent has read was true at the moment of the kill.
import { openEmbedded } from "@horae/embedded";

const [command, dir, seed = "0"] = process.argv.slice(2);

const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(() => fire(), delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

const QUEUE = { name: "killed", partitions: 3, bucketMs: 60_000 };
const CALLERS = 24;

const say = (...words) => process.stdout.write(`${words.join(" ")}\n`);

/** Opens the directory, says so, and stays. */
async function hold() {
  const embedded = await openEmbedded({ dir, queue: QUEUE, clock });
  embedded.setUrl("http://127.0.0.1:7001");
  say("open");
  setInterval(() => undefined, 1_000);
}

/** Tries to open the directory at the given moment; says whether it could, and keeps it. */
async function race() {
  const startAtMs = Number(seed);
  while (Date.now() < startAtMs);
  try {
    await openEmbedded({ dir, queue: QUEUE, clock });
    say("open");
    setInterval(() => undefined, 1_000);
  } catch (error) {
    say("refused", error.code);
  }
}

/** Writes to log, store, journal and leases without end, and says what was acknowledged. */
async function write() {
  const { log, store, leases } = await openEmbedded({ dir, queue: QUEUE, clock });
  say("open");
  for (let partition = 0; partition < QUEUE.partitions; partition++) {
    const row = await leases.read(partition);
    const lease = {
      epoch: (row?.epoch ?? 0) + 1,
      renewal: (row?.renewal ?? 0) + 1,
      owner: `child-${seed}`,
      ownerUrl: null,
      periodMs: 60_000,
      tsUpper: 0,
      wantedBy: null,
      checkpoint: {
        appliedOffset: -1,
        fingerprint: null,
        journal: { epoch: 0, sequence: 0 },
        highestStartedKey: null,
      },
    };
    const expected = row === null ? null : { epoch: row.epoch, renewal: row.renewal };
    if (!(await leases.compareAndSet({ partition, expected, lease }))) throw new Error("lease");
    say("lease", partition, lease.epoch);
  }
  let step = 0;
  const next = () => Number(seed) * 1_000_000 + step++;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      const partition = caller % QUEUE.partitions;
      for (;;) {
        const number = next();
        if (caller % 4 === 0) await writeRow(store, partition, number);
        else await append(log, partition, number);
      }
    }),
  );
}

async function append(log, partition, number) {
  const value = Buffer.from(String(number).padEnd(200 + (number % 4_000), "."));
  const { offset } = await log.append({ partition, key: Buffer.from("k"), value, headers: {} });
  say("record", partition, offset, number);
}

async function writeRow(store, partition, number) {
  const key = { scheduledTimeMs: number, orderingId: "o", uniquenessKey: `u${number}` };
  const at = { partition, bucket: 1, timestamp: 1_000 + number };
  const request = {
    type: "t",
    dataJson: JSON.stringify("x".repeat(number % 3_000)),
    options: {},
    headers: {},
    appendedAtMs: 1,
    offset: number,
  };
  await store.persistTasks({ ...at, rows: [{ key, request }] });
  say("request", partition, number);
  const status = {
    status: "succeeded",
    attempts: 1,
    withdrawn: 0,
    claimOpen: false,
    nextAttemptAtMs: null,
    lastError: null,
    resultJson: String(number),
    finishedAtMs: number,
  };
  await store.recordStatuses({ ...at, rows: [{ key, status }] });
  say("status", partition, number);
}

await { hold, race, write }[command]();
