import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What shows that the fault did something, and what was measured. */
export interface RowResult {
  readonly evidence: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Where the rows of a report are put; none without it. */
const OUT = process.env["HORAE_FAULTS_OUT"];

/** A row of the table of faults: a test, and a line of the report. */
export function faultRow(
  { id, name, timeoutMs }: { id: number; name: string; timeoutMs: number },
  run: () => Promise<RowResult>,
): void {
  test(
    `${id} ${name}`,
    async () => {
      try {
        const { evidence, figures } = await run();
        report({ id, name, ok: true, evidence, figures });
      } catch (error) {
        report({ id, name, ok: false, evidence: String(error).split("\n")[0]!, figures: {} });
        throw error;
      }
    },
    timeoutMs,
  );
}

function report(row: { id: number; name: string; ok: boolean } & RowResult): void {
  if (OUT === undefined) return;
  mkdirSync(OUT, { recursive: true });
  const name = `${String(row.id).padStart(2, "0")} ${row.name.replaceAll(/\W+/g, "-")}`;
  writeFileSync(join(OUT, `${name}.json`), JSON.stringify(row));
}

/** For somebody who has to find out what went wrong. */
export function keepHistory(name: string, lines: readonly object[]): void {
  if (OUT === undefined) return;
  mkdirSync(OUT, { recursive: true });
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(join(OUT, `history-${name}.jsonl`), text);
}
