import type { Mutant } from "./mutant.ts";

/** Bugs of retention, adoption and the auditor. */
export const RETENTION_MUTANTS: readonly Mutant[] = [
  {
    name: "retention looks at the scheduled time only",
    breaks: "a bucket goes when its last finish is old enough, not its tasks' times",
    file: "engine/src/retention.ts",
    find: "if (!isDone(summary) || bucketStartMs(bucket + 1, bucketMs) > oldMs) return false;",
    replace: "if (bucketStartMs(bucket + 1, bucketMs) <= oldMs) return true;",
  },
  {
    name: "retention deletes what is being inserted",
    breaks: "a bucket that a batch uses is not deleted",
    file: "engine/src/retention.ts",
    find: "if (persister.isUsing(bucket)) continue;",
    replace: "",
  },
  {
    name: "finished rows that a load finds not told to the summary",
    breaks: "a summary says when the last task of its bucket finished, whoever finished it",
    file: "engine/src/loader.ts",
    find: "summaries.noteFinishedRow(row);\n      return false;",
    replace: "return false;",
  },
  {
    name: "finished rows that a look finds not told to the summary",
    breaks: "a summary says when the last task of its bucket finished, whoever finished it",
    file: "engine/src/bucket-persister.ts",
    find: "for (const row of finished) summaries.noteFinishedRow(row);",
    replace: "",
  },
  {
    name: "retention before the log is caught up with",
    breaks: "every record that was on the log at the acquire has been applied first",
    file: "engine/src/retention.ts",
    find: "if (this.#isWorking || !receiver.hasCaughtUp) return Infinity;",
    replace: "if (this.#isWorking) return Infinity;",
  },
  {
    name: "an adopter receives",
    breaks: "only who the group has chosen receives, else two read the same records",
    file: "engine/src/partition.ts",
    find: "this.#isAdopted = options.adopts !== null;",
    replace: "this.#isAdopted = false;",
  },
  {
    name: "a cut node stays in the group",
    breaks: "a node whose lease store is silent for two periods leaves the group",
    file: "engine/src/group-link.ts",
    find: "else if (leases.silentMs > 2 * periodMs) this.#change(this.#leave(this.#place));",
    replace: "",
  },
  {
    name: "the auditor looks above the applied offset",
    breaks: "a row whose record is still to be received is nobody's yet",
    file: "engine/src/auditor.ts",
    find: "if (row.request.offset > appliedOffset()) return false;",
    replace: "appliedOffset();",
  },
  {
    name: "the log is not asked again when its record is not there",
    breaks: "retention may remove the applied record between the two questions",
    file: "engine/src/log-position.ts",
    find: "if (found === null) bounds = await askBounds();",
    replace: "",
  },
];
