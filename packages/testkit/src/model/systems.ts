import { explore, type Exploration, type ExploreLimits } from "./explore.ts";
import {
  LARGE_LEASE_WORLD,
  leaseModel,
  type LeaseWorld,
  SMALL_LEASE_WORLD,
} from "./lease/lease-model.ts";
import { isLeaseRule, LEASE_RULES } from "./lease/lease-rules.ts";
import { partitionModel } from "./partition/partition-model.ts";
import { isRule, RULES } from "./partition/rules.ts";
import { LARGE_WORLDS, SMALL_WORLDS, WORLDS } from "./partition/worlds.ts";

const LEASE_WORLDS: Readonly<Record<string, LeaseWorld>> = {
  "the lease": SMALL_LEASE_WORLD,
  "the lease, three epochs": LARGE_LEASE_WORLD,
};

/** Worlds that are explored to their end. */
export const SMALL = [...Object.keys(SMALL_WORLDS), "the lease"];
export const LARGE = [...Object.keys(LARGE_WORLDS), "the lease, three epochs"];
export const ALL_RULE_TEXTS: Readonly<Record<string, string>> = { ...RULES, ...LEASE_RULES };

/** Explores a world, with the rules but for those that are dropped. Throws for unknown words. */
export function exploreWorld(
  name: string,
  dropped: readonly string[],
  limits: ExploreLimits,
): Exploration {
  const leaseWorld = LEASE_WORLDS[name];
  if (leaseWorld !== undefined) {
    return explore(leaseModel(leaseWorld, dropped.filter(known(isLeaseRule))), limits);
  }
  const world = WORLDS[name];
  if (world === undefined) throw new RangeError(`there is no world "${name}"`);
  return explore(partitionModel(world, dropped.filter(known(isRule))), limits);
}

function known<R extends string>(is: (word: string) => word is R): (word: string) => word is R {
  return (word): word is R => {
    if (!is(word)) throw new RangeError(`there is no rule "${word}" in this model`);
    return true;
  };
}
