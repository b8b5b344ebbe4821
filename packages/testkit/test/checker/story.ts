import type { TaskKey } from "@horae/core";
import type { EndLine, FinalTask, History, HistoryLine } from "../../src/checker/index.ts";

/** Where an attempt runs. */
export interface Place {
  readonly node?: string;
  readonly epoch?: number;
  /** How far the node's wall clock is ahead of the history's, milliseconds. */
  readonly skewMs?: number;
}

export function taskOf(orderingId: string, scheduledTimeMs: number, uniquenessKey = "u"): TaskKey {
  return { scheduledTimeMs, orderingId, uniquenessKey };
}

/** A history told line by line; time goes on by a millisecond with each. */
export class Story {
  readonly lines: HistoryLine[] = [];
  readonly final: FinalTask[] = [];
  readonly deleted = new Set<string>();
  isDrained = true;
  #atMs = 0;
  #calls = 0;
  #fence = 0;

  get history(): History {
    return {
      lines: this.lines,
      final: this.final,
      isDrained: this.isDrained,
      deleted: this.deleted,
    };
  }

  /** Goes on at this time. */
  at(atMs: number): this {
    this.#atMs = Math.max(this.#atMs, atMs);
    return this;
  }

  schedule(
    key: TaskKey,
    more: { answer?: "acked" | "refused" | "unknown"; maxAttempts?: number } = {},
  ): this {
    const { answer = "acked", maxAttempts = 5 } = more;
    const call = this.#calls++;
    this.lines.push({ line: "ask", atMs: this.#tick(), call, key, maxAttempts });
    this.lines.push({ line: "answer", atMs: this.#tick(), call, answer });
    return this;
  }

  start(key: TaskKey, attempt: number, place: Place & { fence?: number } = {}): this {
    const { node = "a", epoch = 1, skewMs = 0, fence = ++this.#fence } = place;
    const atMs = this.#tick();
    const wallMs = atMs + skewMs;
    const where = { node, partition: 0, epoch };
    this.lines.push({ line: "start", atMs, ...where, key, attempt, fence, wallMs });
    return this;
  }

  end(
    key: TaskKey,
    attempt: number,
    outcome: EndLine["outcome"],
    { node = "a" }: Place = {},
  ): this {
    this.lines.push({ line: "end", atMs: this.#tick(), node, key, attempt, outcome });
    return this;
  }

  /** A whole attempt. */
  run(key: TaskKey, attempt: number, outcome: EndLine["outcome"], place: Place = {}): this {
    return this.start(key, attempt, place).end(key, attempt, outcome, place);
  }

  death(node: string): this {
    this.lines.push({ line: "death", atMs: this.#tick(), node });
    return this;
  }

  /** As it should. */
  exit(node: string): this {
    this.lines.push({ line: "exit", atMs: this.#tick(), node });
    return this;
  }

  fault(name: string, isBegin: boolean, nodes: readonly string[] | null = null): this {
    const line = isBegin ? "faultBegan" : "faultEnded";
    this.lines.push({ line, atMs: this.#tick(), fault: 1, name, nodes });
    return this;
  }

  /** What the store has of it at the end. */
  leave(key: TaskKey, status: FinalTask["status"] = "succeeded", attempts = 1): this {
    this.final.push({ key, status, attempts });
    return this;
  }

  #tick(): number {
    return ++this.#atMs;
  }
}
