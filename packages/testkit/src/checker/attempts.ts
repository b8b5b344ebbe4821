import { taskKeyToken } from "@horae/core";
import type { EndLine, History, StartLine } from "./history.ts";

/** A handler's call, from its start to its end. */
export interface AttemptSpan {
  readonly start: StartLine;
  /** Null: the node died, or the history ends, while it ran. */
  readonly end: EndLine | null;
  /** When it was over at the latest: its end, its node's death, or the end of the history. */
  readonly overAtMs: number;
}

/** Pairs starts with ends, in the order of the starts. */
export function attemptsOf(history: History): readonly AttemptSpan[] {
  const open = new Map<string, { start: StartLine; index: number }>();
  const spans: (AttemptSpan | null)[] = [];
  const endMs = history.lines.at(-1)?.atMs ?? 0;
  const close = (name: string, end: EndLine | null, overAtMs: number): void => {
    const found = open.get(name);
    if (found === undefined) return;
    open.delete(name);
    spans[found.index] = { start: found.start, end, overAtMs };
  };
  for (const line of history.lines) {
    if (line.line === "start") {
      open.set(nameOf(line), { start: line, index: spans.length });
      spans.push(null);
    } else if (line.line === "end") close(nameOf(line), line, line.atMs);
    else if (line.line === "death" || line.line === "exit") {
      for (const [name, { start }] of open)
        if (start.node === line.node) close(name, null, line.atMs);
    }
  }
  for (const name of open.keys()) close(name, null, endMs);
  return spans.filter((span) => span !== null);
}

function nameOf({ node, key, attempt }: StartLine | EndLine): string {
  return `${node} ${attempt} ${taskKeyToken(key)}`;
}

/** Spans in groups, each in the order of the starts. */
export function groupSpans(
  spans: readonly AttemptSpan[],
  nameOfGroup: (start: StartLine) => string,
): ReadonlyMap<string, readonly AttemptSpan[]> {
  const groups = new Map<string, AttemptSpan[]>();
  for (const span of spans) {
    const name = nameOfGroup(span.start);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [span]);
    else group.push(span);
  }
  return groups;
}
