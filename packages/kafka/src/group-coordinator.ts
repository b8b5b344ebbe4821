import type { JoinedGroup, KafkaBroker } from "./broker.ts";
import type { ClusterLink } from "./cluster-link.ts";
import { ASSIGNER_NAME } from "./member-metadata.ts";

const GROUP_COORDINATOR = 0;

/** The broker that keeps a group, and the requests that a member makes of it. */
export interface GroupCoordinator {
  /** Waits until every member of the group has joined (or is taken for dead). */
  join(request: { memberId: string; metadata: Buffer }): Promise<JoinedGroup>;
  /** Gives the leader's assignment to the group, and answers this member's part of it. */
  sync(request: {
    membership: Membership;
    assignments: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<Buffer>;
  heartbeat(membership: Membership): Promise<void>;
  leave(memberId: string): Promise<void>;
  /** `offset` is the next one to be applied. */
  commit(
    membership: Membership,
    offsets: readonly { partition: number; offset: number }[],
  ): Promise<void>;
  /** It does not answer: its connection is not used again. */
  drop(): void;
}

export interface Membership {
  readonly memberId: string;
  readonly generationId: number;
}

export interface GroupIdentity {
  readonly groupId: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
}

/** Asks the brokers, one after the other, who coordinates the group. Throws kafkajs' errors. */
export async function findCoordinator(
  link: ClusterLink,
  identity: GroupIdentity,
): Promise<GroupCoordinator> {
  let failure: unknown = new Error("the cluster has named no broker");
  for (const nodeId of await link.nodeIds()) {
    try {
      const broker = await link.broker(nodeId);
      const request = { groupId: identity.groupId, coordinatorType: GROUP_COORDINATOR };
      const { coordinator } = await broker.findGroupCoordinator(request);
      return coordinatorAt(await link.broker(coordinator.nodeId), link, identity);
    } catch (error) {
      failure = error;
    }
  }
  // None of those that are known: others may have come.
  await link.refresh();
  throw failure;
}

function coordinatorAt(
  broker: KafkaBroker,
  link: ClusterLink,
  { groupId, topic, sessionTimeoutMs }: GroupIdentity,
): GroupCoordinator {
  return {
    join: ({ memberId, metadata }) =>
      broker.joinGroup({
        groupId,
        memberId,
        sessionTimeout: sessionTimeoutMs,
        // Members have nothing to finish before they join: who takes longer is dead.
        rebalanceTimeout: sessionTimeoutMs,
        groupProtocols: [{ name: ASSIGNER_NAME, metadata }],
      }),
    sync: async ({ membership, assignments }) => {
      const answer = await broker.syncGroup({
        groupId,
        ...membership,
        groupAssignment: assignments,
      });
      return answer.memberAssignment;
    },
    heartbeat: async ({ memberId, generationId }) => {
      await broker.heartbeat({ groupId, memberId, groupGenerationId: generationId });
    },
    leave: async (memberId) => {
      await broker.leaveGroup({ groupId, memberId });
    },
    commit: async ({ memberId, generationId }, offsets) => {
      const partitions = offsets.map(({ partition, offset }) => ({
        partition,
        offset: String(offset),
      }));
      await broker.offsetCommit({
        groupId,
        memberId,
        groupGenerationId: generationId,
        topics: [{ topic, partitions }],
      });
    },
    drop: () => link.drop(broker),
  };
}
