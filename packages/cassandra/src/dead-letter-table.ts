import type { DeadLetter } from "@horae/core";
import { keyOf, millisecondsOf, requestOf, requestText, statusOf, statusText } from "./rows.ts";
import type { Row, Session } from "./session.ts";
import type { Statements } from "./statements.ts";
import { keyValues } from "./task-table.ts";

/** Table `dead_letters`: failed tasks with their whole request, in order of failure. */
export class DeadLetterTable {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;

  constructor(queue: string, session: Session, cql: Statements) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = cql;
  }

  async write(write: { partition: number; timestamp: number; letter: DeadLetter }): Promise<void> {
    const { failedAtMs, key, request, status } = write.letter;
    // Dying here is safe: the task's row is written, and the next owner writes the same letter again.
    await this.#session.write({
      operation: "writeDeadLetter",
      cql: this.#cql.writeDeadLetter,
      values: [
        this.#queue,
        write.partition,
        failedAtMs,
        ...keyValues(key),
        requestText(request),
        request.dataJson,
        statusText(status),
        BigInt(write.timestamp),
      ],
    });
  }

  async load(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]> {
    // Callers may say "no end" with an infinity, which is no timestamp.
    const toMs = Math.min(read.toMs, Number.MAX_SAFE_INTEGER);
    const rows = await this.#session.read({
      operation: "loadDeadLetters",
      cql: this.#cql.loadDeadLetters,
      values: [this.#queue, read.partition, read.fromMs, toMs, read.rowsMax],
    });
    return rows.flatMap(letterOf);
  }
}

function letterOf(row: Row): DeadLetter[] {
  const request = requestOf(row);
  const status = statusOf(row);
  if (request === null || status === null) return [];
  return [{ failedAtMs: millisecondsOf(row, "failed_at"), key: keyOf(row), request, status }];
}
