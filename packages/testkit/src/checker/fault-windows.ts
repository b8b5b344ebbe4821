import type { History } from "./history.ts";

export interface FaultWindow {
  readonly fault: number;
  readonly name: string;
  readonly nodes: readonly string[] | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/** When what may have gone wrong. A death is a fault of its node, from a moment before it on. */
export class FaultWindows {
  readonly windows: readonly FaultWindow[];

  /** `graceMs`: so long after a fault has ended its harm may still show. */
  constructor(history: History, graceMs: number) {
    const windows: FaultWindow[] = [];
    const open = new Map<number, Omit<FaultWindow, "toMs">>();
    const endMs = history.lines.at(-1)?.atMs ?? 0;
    let deaths = 0;
    for (const line of history.lines) {
      if (line.line === "faultBegan") {
        const { fault, name, nodes, atMs: fromMs } = line;
        open.set(fault, { fault, name, nodes, fromMs });
      } else if (line.line === "faultEnded") {
        const began = open.get(line.fault);
        open.delete(line.fault);
        if (began !== undefined) windows.push({ ...began, toMs: line.atMs + graceMs });
      } else if (line.line === "death") {
        const { node, atMs } = line;
        const nodes = [node];
        windows.push({
          fault: -++deaths,
          name: "death",
          nodes,
          fromMs: atMs - graceMs,
          toMs: atMs + graceMs,
        });
      }
    }
    for (const began of open.values()) windows.push({ ...began, toMs: endMs + graceMs });
    this.windows = windows;
  }

  /** Does a fault that concerns the node touch the span of time? */
  touches(node: string, fromMs: number, toMs: number): boolean {
    return this.windows.some(
      (window) =>
        window.fromMs <= toMs &&
        window.toMs >= fromMs &&
        (window.nodes === null || window.nodes.includes(node)),
    );
  }
}
