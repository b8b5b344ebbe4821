import type { Violation } from "../checker/index.ts";
import type { SimCluster } from "./sim-cluster.ts";

/**
 * Two views: a node that is cut from the store alone leaves the group, so that others are given its partitions.
 * Asked at the end, of the nodes that stay cut for ever.
 */
export function checkCutNodes({ nodes, log }: SimCluster): Violation[] {
  const violations: Violation[] = [];
  for (const { process, host } of nodes) {
    const isCut = host.cuts.some(({ service }) => service === "store");
    if (process === null || process.isStopped || !isCut) continue;
    const held = log.group.heldBy(process);
    if (held.length === 0) continue;
    const message = `${process.name} is cut from the store and holds partitions ${held.join(", ")}`;
    violations.push({ invariant: "two views", key: null, message });
  }
  return violations;
}
