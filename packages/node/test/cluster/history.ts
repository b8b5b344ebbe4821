import { compareTaskKeys, parseTaskKey } from "@horae/core";
import type { AttemptLine } from "./node-process.ts";

/** All attempts of some nodes, in the order in which they happened. */
export function historyOf(nodes: readonly { readonly attempts: AttemptLine[] }[]): AttemptLine[] {
  return nodes.flatMap((node) => node.attempts).toSorted((a, b) => a.at - b.at);
}

export function startsOf(history: readonly AttemptLine[]): AttemptLine[] {
  return history.filter(({ line }) => line === "start");
}

export function endsOf(history: readonly AttemptLine[]): AttemptLine[] {
  return history.filter(({ line }) => line === "end");
}

export function keysOf(lines: readonly AttemptLine[]): string[] {
  return lines.map(({ key }) => key).toSorted();
}

/** Every key started once, and again only after an attempt that failed; every key ended once. */
export function expectRunOnce(history: readonly AttemptLine[], keys: readonly string[]): void {
  const retries = history.filter(({ line }) => line === "retry");
  const wanted = [...keys, ...keysOf(retries)].toSorted();
  expect(keysOf(startsOf(history))).toEqual(wanted);
  expect(keysOf(endsOf(history))).toEqual(keys.toSorted());
  for (const lines of byKey(startsOf(history)).values()) {
    // Not 1, 2, 3: a claim that a drain gives back has used up its number.
    expectStrictlyGrowing(lines.map(({ attempt }) => attempt));
  }
}

export function expectNoneEarly(history: readonly AttemptLine[]): void {
  const early = startsOf(history).filter(
    ({ key, time }) => time < parseTaskKey(key).scheduledTimeMs,
  );
  expect(early).toEqual([]);
}

/**
 * In each ordering id attempts come one after the other, fences grow, and tasks start in the order
 * of their keys. For tasks that were all persisted before the first of them was due.
 */
export function expectOrdered(history: readonly AttemptLine[]): void {
  for (const lines of byOrderingId(history).values()) {
    const open = lines.filter((line, index) => index % 2 === (line.line === "start" ? 1 : 0));
    expect(open).toEqual([]);
    const starts = startsOf(lines);
    expectStrictlyGrowing(starts.map(({ fence }) => fence));
    const keys = starts.map(({ key }) => parseTaskKey(key));
    const overtaken = keys.filter((key, n) => n > 0 && compareTaskKeys(keys[n - 1]!, key) > 0);
    expect(overtaken).toEqual([]);
  }
}

export function expectStrictlyGrowing(numbers: readonly number[]): void {
  expect(numbers.filter((number, n) => n > 0 && number <= numbers[n - 1]!)).toEqual([]);
}

/** Milliseconds after the scheduled time at which first attempts started, sorted. */
export function latenessesOf(history: readonly AttemptLine[]): number[] {
  return startsOf(history)
    .filter(({ attempt }) => attempt === 1)
    .map(({ key, time }) => time - parseTaskKey(key).scheduledTimeMs)
    .toSorted((a, b) => a - b);
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function byKey(lines: readonly AttemptLine[]): Map<string, AttemptLine[]> {
  return groupBy(lines, ({ key }) => key);
}

function byOrderingId(lines: readonly AttemptLine[]): Map<string, AttemptLine[]> {
  return groupBy(lines, ({ key }) => parseTaskKey(key).orderingId);
}

function groupBy<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(nameOf(one));
    if (group === undefined) groups.set(nameOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
