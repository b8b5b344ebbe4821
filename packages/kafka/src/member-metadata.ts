import { type AssignmentMember, assignPartitions, assignWatchers } from "@horae/core";
import type { JoinedGroup } from "./broker.ts";
import { MemberAssignment, MemberMetadata } from "./kafkajs.ts";

/** Of the user data; a member with another version counts as one that holds nothing. */
const USER_DATA_VERSION = 1;
/** Of Kafka's own envelope, which its tools read. */
const ENVELOPE_VERSION = 0;

/** The name under which all members must offer the same way of assigning. */
export const ASSIGNER_NAME = "horae-sticky";

/** What a member tells the group's leader when it joins. */
export function encodeMember(member: AssignmentMember, topic: string): Buffer {
  const { name, held } = member;
  const userData = Buffer.from(JSON.stringify({ version: USER_DATA_VERSION, name, held }));
  return MemberMetadata.encode({ version: ENVELOPE_VERSION, topics: [topic], userData });
}

/** Reads what any member of the group may have sent, also one that is not ours. */
export function decodeMember(metadata: Buffer): AssignmentMember {
  try {
    const text = MemberMetadata.decode(metadata)?.userData.toString("utf8") ?? "";
    const { version, name, held } = JSON.parse(text) as Record<string, unknown>;
    if (version === USER_DATA_VERSION && typeof name === "string" && Array.isArray(held)) {
      return { name, held: held.filter((partition) => Number.isInteger(partition)) };
    }
  } catch {
    // Not ours, or of another version: it holds nothing that we know of.
  }
  return { name: "", held: [] };
}

/** The leader's answer to a round of joining: every member with its partitions. */
export function assignMembers(
  members: JoinedGroup["members"],
  { topic, partitionCount }: { topic: string; partitionCount: number },
): { memberId: string; memberAssignment: Buffer }[] {
  // Names may be the same in two processes; what the broker gives to each member is not.
  const named = members.map(({ memberId, memberMetadata }) => {
    const { name, held } = decodeMember(memberMetadata);
    return { memberId, name: `${name} ${memberId}`, held };
  });
  const assigned = assignPartitions(partitionCount, named);
  const watched = assignWatchers(partitionCount, assigned);
  return named.map(({ memberId, name }) => ({
    memberId,
    memberAssignment: MemberAssignment.encode({
      version: ENVELOPE_VERSION,
      assignment: { [topic]: assigned.get(name) ?? [] },
      userData: Buffer.from(
        JSON.stringify({ version: USER_DATA_VERSION, watched: watched.get(name) ?? [] }),
      ),
    }),
  }));
}

/** What the group has given to a member. */
export interface Assigned {
  readonly partitions: readonly number[];
  readonly watched: readonly number[];
}

/** The partitions of the topic that are this member's, and those that it watches. */
export function decodeAssignment(assignment: Buffer, topic: string): Assigned {
  const decoded = MemberAssignment.decode(assignment);
  const partitions = (decoded?.assignment[topic] ?? []).toSorted((a, b) => a - b);
  return { partitions, watched: watchedOf(decoded?.userData) };
}

/** A leader of an older build says nothing of it: then nothing is watched. */
function watchedOf(userData: Buffer | undefined): number[] {
  try {
    const { version, watched } = JSON.parse(userData?.toString("utf8") ?? "") as Record<
      string,
      unknown
    >;
    if (version !== USER_DATA_VERSION || !Array.isArray(watched)) return [];
    return watched.filter((partition) => Number.isInteger(partition));
  } catch {
    return [];
  }
}
