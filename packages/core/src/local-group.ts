import { assignPartitions, assignWatchers } from "./assignment.ts";
import type { GroupMembership, GroupView } from "./ports/log.ts";

interface Member {
  readonly name: string;
  held: number[];
  readonly onView: (view: GroupView) => void;
}

/** The group coordinator of a log that lives in one process: members join, leave, and share the partitions. */
export class LocalGroup {
  readonly #partitionCount: number;
  readonly #members = new Map<string, Member>();
  #joined = 0;

  constructor(partitionCount: number) {
    this.#partitionCount = partitionCount;
  }

  join(onView: (view: GroupView) => void): GroupMembership {
    const name = String(this.#joined++).padStart(9, "0");
    this.#members.set(name, { name, held: [], onView });
    this.#rebalance();
    return {
      leave: async () => {
        if (this.#members.delete(name)) this.#rebalance();
      },
    };
  }

  #rebalance(): void {
    const assigned = assignPartitions(this.#partitionCount, [...this.#members.values()]);
    const watched = assignWatchers(this.#partitionCount, assigned);
    for (const member of this.#members.values()) {
      member.held = assigned.get(member.name) ?? [];
      // Deferred: a member must have its membership before it hears of partitions.
      queueMicrotask(() => {
        if (this.#members.has(member.name)) {
          member.onView({
            partitions: [...member.held],
            watched: watched.get(member.name) ?? [],
            state: "settled",
          });
        }
      });
    }
  }
}
