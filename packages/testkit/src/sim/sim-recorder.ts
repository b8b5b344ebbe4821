import { type TaskKey, taskKeyToken } from "@horae/core";
import type { History, HistoryLine } from "../checker/index.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import type { World } from "./world.ts";

/** Code of each kind of line in the fingerprint of a trace. */
const CODES: Readonly<Record<HistoryLine["line"], number>> = {
  ask: 1,
  answer: 2,
  start: 3,
  end: 4,
  boot: 5,
  exit: 9,
  death: 6,
  faultBegan: 7,
  faultEnded: 8,
};

type WithoutTime<Line> = Line extends HistoryLine ? Omit<Line, "atMs"> : never;

/** Writes the history of a simulation, for the checker and for people. */
export class SimRecorder {
  readonly lines: HistoryLine[] = [];
  readonly #world: World;
  #faults = 0;

  constructor(world: World) {
    this.#world = world;
  }

  add(line: WithoutTime<HistoryLine>): void {
    const timed = { ...line, atMs: this.#world.nowMs } as HistoryLine;
    this.lines.push(timed);
    this.#world.mark(CODES[timed.line], "attempt" in timed ? timed.attempt : this.lines.length);
    this.#world.note("node" in timed ? timed.node : "world", () => describe(timed));
  }

  /** A fault begins; what is answered ends it. */
  fault(name: string, nodes: readonly string[] | null): () => void {
    const fault = ++this.#faults;
    this.add({ line: "faultBegan", fault, name, nodes });
    return () => this.add({ line: "faultEnded", fault, name, nodes });
  }

  /** Of what is excused nothing was promised: as if its clients had no answer. */
  history(
    final: History["final"],
    end: Pick<History, "isDrained" | "deleted" | "unapplied"> & { excused: ReadonlySet<string> },
  ): History {
    const { excused, ...rest } = end;
    if (excused.size === 0) return { lines: this.lines, final, ...rest };
    const calls = new Set<number>();
    for (const line of this.lines) {
      if (line.line === "ask" && excused.has(taskKeyToken(line.key))) calls.add(line.call);
    }
    const lines = this.lines.map((line): HistoryLine => {
      const isPromise = line.line === "answer" && line.answer === "acked" && calls.has(line.call);
      return isPromise ? { ...line, answer: "unknown" } : line;
    });
    return { lines, final, ...rest };
  }
}

function describe(line: HistoryLine): string {
  switch (line.line) {
    case "ask":
      return `ask ${short(line.key)}`;
    case "answer":
      return `answer ${line.call}: ${line.answer}`;
    case "start":
      return `START ${short(line.key)} attempt ${line.attempt} epoch ${line.epoch} fence ${line.fence}`;
    case "end":
      return `END ${short(line.key)} attempt ${line.attempt} ${line.outcome}`;
    case "faultBegan":
    case "faultEnded":
      return `${line.line} ${line.name} ${line.nodes?.join(" ") ?? "all"}`;
    default:
      return line.line;
  }
}

/** A key, with its time relative to the beginning. */
export function short({ scheduledTimeMs, orderingId, uniquenessKey }: TaskKey): string {
  return `${scheduledTimeMs - EPOCH_MS}/${orderingId}/${uniquenessKey}`;
}
