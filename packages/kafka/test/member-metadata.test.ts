import {
  decodeAssignment,
  assignMembers,
  decodeMember,
  encodeMember,
} from "../src/member-metadata.ts";
import { MemberAssignment, MemberMetadata } from "../src/kafkajs.ts";

const TOPIC = "horae.billing";

function member(memberId: string, name: string, held: number[]) {
  return { memberId, memberMetadata: encodeMember({ name, held }, TOPIC) };
}

function assigned(members: ReturnType<typeof member>[], partitionCount: number) {
  const assignments = assignMembers(members, { topic: TOPIC, partitionCount });
  return Object.fromEntries(
    assignments.map(({ memberId, memberAssignment }) => [
      memberId,
      decodeAssignment(memberAssignment, TOPIC).partitions,
    ]),
  );
}

test("a member's name and holdings come back as they were", () => {
  const metadata = encodeMember({ name: "node-ä", held: [3, 1] }, TOPIC);
  expect(decodeMember(metadata)).toEqual({ name: "node-ä", held: [3, 1] });
  expect(MemberMetadata.decode(metadata)).toMatchObject({ version: 0, topics: [TOPIC] });
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["junk", Buffer.from([0, 0, 255, 255, 255, 255])],
  ["no user data", envelope("")],
  ["no JSON", envelope("{")],
  ["another version", envelope('{"version":2,"name":"a","held":[1]}')],
  ["other fields", envelope('{"version":1,"name":"a"}')],
  ["no object", envelope("null")],
])("a member that tells %s holds nothing", (_, metadata) => {
  expect(decodeMember(metadata)).toEqual({ name: "", held: [] });
});

test("holdings that are no partitions are left out", () => {
  const metadata = envelope('{"version":1,"name":"a","held":[1,"2",3.5,null]}');
  expect(decodeMember(metadata)).toEqual({ name: "a", held: [1] });
});

test("partitions stay where they are, as far as shares allow", () => {
  const members = [member("m1", "a", [0, 1, 2, 3, 4, 5]), member("m2", "b", [])];
  expect(assigned(members, 6)).toEqual({ m1: [0, 1, 2], m2: [3, 4, 5] });
});

test("members with one name, and members of another version, get their share", () => {
  const foreign = { memberId: "m3", memberMetadata: envelope("{}") };
  const members = [member("m1", "same", [0, 1]), member("m2", "same", [2, 3]), foreign];
  const result = assigned(members, 6);
  expect(result).toMatchObject({ m1: [0, 1], m2: [2, 3], m3: [4, 5] });
});

test("more members than partitions: some get none, and know it", () => {
  const members = ["m1", "m2", "m3"].map((id) => member(id, id, []));
  const result = assigned(members, 2);
  expect(Object.values(result).toSorted((a, b) => a.length - b.length)[0]).toEqual([]);
  expect(decodeAssignment(Buffer.alloc(0), TOPIC)).toEqual({ partitions: [], watched: [] });
});

test("two others watch each partition", () => {
  const members = ["m1", "m2", "m3", "m4"].map((id) => member(id, id, []));
  const assignments = assignMembers(members, { topic: TOPIC, partitionCount: 8 });
  const decoded = assignments.map(({ memberAssignment }) =>
    decodeAssignment(memberAssignment, TOPIC),
  );
  for (let partition = 0; partition < 8; partition++) {
    const watchers = decoded.filter(({ watched }) => watched.includes(partition));
    expect(watchers).toHaveLength(2);
    expect(watchers.filter(({ partitions }) => partitions.includes(partition))).toEqual([]);
  }
});

test("what a leader of an older build assigns is watched by nobody", () => {
  const assignment = { [TOPIC]: [1, 0] };
  const older = MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) });
  expect(decodeAssignment(older, TOPIC)).toEqual({ partitions: [0, 1], watched: [] });
});

function envelope(userData: string): Buffer {
  return MemberMetadata.encode({ version: 0, topics: [TOPIC], userData: Buffer.from(userData) });
}
