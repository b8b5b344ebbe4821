import { murmur2 } from "./partitioner.ts";
import { encodeUtf8 } from "./utf8.ts";

/** So many members watch the lease of each partition, beside its holder. */
const WATCHERS = 2;

/** What a member of a group holds before partitions are assigned anew. */
export interface AssignmentMember {
  readonly name: string;
  readonly held: readonly number[];
}

/**
 * Sticky assignment with the fewest moves: loads differ by at most one, and a partition moves
 * only when its holder is gone or holds more than its share. The same members and holdings give
 * the same answer on every node. After KIP-54 (sticky assignor), without topics.
 */
export function assignPartitions(
  partitionCount: number,
  members: readonly AssignmentMember[],
): Map<string, number[]> {
  const sorted = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const assigned = new Map(sorted.map((member): [string, number[]] => [member.name, []]));
  if (sorted.length === 0) return assigned;
  const taken = new Set<number>();
  const valid = (p: number): boolean => p >= 0 && p < partitionCount;
  const claims = sorted.map((member) => ({
    name: member.name,
    held: [...new Set(member.held)].filter(valid).toSorted((a, b) => a - b),
  }));
  // Who holds most keeps the larger share, so that the fewest partitions move.
  const byHolding = claims.toSorted((a, b) => b.held.length - a.held.length);
  const share = Math.floor(partitionCount / sorted.length);
  let larger = partitionCount % sorted.length;
  const quota = new Map<string, number>();
  for (const { name } of byHolding) quota.set(name, share + (larger-- > 0 ? 1 : 0));
  for (const { name, held } of byHolding) {
    for (const partition of held) {
      const own = assigned.get(name)!;
      if (taken.has(partition) || own.length >= quota.get(name)!) continue;
      own.push(partition);
      taken.add(partition);
    }
  }
  let next = 0;
  for (const { name } of byHolding) {
    const own = assigned.get(name)!;
    while (own.length < quota.get(name)!) {
      while (taken.has(next)) next++;
      own.push(next);
      taken.add(next);
    }
    own.sort((a, b) => a - b);
  }
  return assigned;
}

/**
 * Which partitions each member watches: the lease of a dead holder is noticed by two others, and not
 * read by everybody. By rendezvous hashing (Thaler, Ravishankar 1998): when a member comes or goes, only
 * what it watches changes hands.
 */
export function assignWatchers(
  partitionCount: number,
  assigned: ReadonlyMap<string, readonly number[]>,
): Map<string, number[]> {
  const watched = new Map([...assigned.keys()].map((name): [string, number[]] => [name, []]));
  const holders = new Map<number, string>();
  for (const [name, held] of assigned) for (const partition of held) holders.set(partition, name);
  for (let partition = 0; partition < partitionCount; partition++) {
    const weights = [...assigned.keys()]
      .filter((name) => name !== holders.get(partition))
      .map((name) => ({ name, weight: murmur2(encodeUtf8(`${partition} ${name}`)) }))
      .toSorted((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
    for (const { name } of weights.slice(0, WATCHERS)) watched.get(name)!.push(partition);
  }
  return watched;
}
