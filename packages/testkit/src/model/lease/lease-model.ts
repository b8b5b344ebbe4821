import type { Action, Model } from "../explore.ts";
import { ALL_LEASE_RULES, type LeaseRule } from "./lease-rules.ts";
import { copyLeaseState, type HeldRow, type LeaseState, type Swap } from "./lease-state.ts";

/** How large the row's life is. */
export interface LeaseWorld {
  readonly epochs: number;
  /** Requests under way at the same time. */
  readonly flyingMax: number;
  /** Renewals end when the range reaches this. */
  readonly upperMax: number;
}

export const SMALL_LEASE_WORLD: LeaseWorld = { epochs: 2, flyingMax: 2, upperMax: 4 };
export const LARGE_LEASE_WORLD: LeaseWorld = { epochs: 3, flyingMax: 2, upperMax: 8 };

/** Write timestamps that an acquire or a renewal grants. */
const GRANT = 2;

/**
 * The lease row alone: two nodes, lightweight transactions that are evaluated late or never, answers
 * that are lost, processes that die. No two epochs may use the same write timestamp, and an older one
 * none above the beginning of a newer one.
 */
export function leaseModel(
  world: LeaseWorld,
  dropped: readonly LeaseRule[] = [],
): Model<LeaseState> {
  const inForce = ALL_LEASE_RULES.map((rule) => [rule, !dropped.includes(rule)] as const);
  const rules = Object.fromEntries(inForce) as Record<LeaseRule, boolean>;
  return {
    initial: () => ({
      row: { epoch: 0, renewal: 0, upper: 0, owner: null, isWanted: false },
      flying: [],
      nodes: [0, 1].map((name) => ({ name, request: null, held: null })),
      used: Array.from({ length: world.epochs + 1 }, () => 0),
      began: Array.from({ length: world.epochs + 1 }, () => -1),
      names: 2,
      nextId: 1,
      broken: null,
    }),
    clone: copyLeaseState,
    actions: (state) => [
      ...state.flying.flatMap((swap, index) => landings({ rules, state, swap, index })),
      ...state.nodes.flatMap((_, node) => nodeActions({ rules, world, state, node })),
    ],
    check: ({ broken }) => broken,
    reduce: (state) => {
      // What can change nothing any more is as good as lost: who waits for it reads the row.
      state.flying = state.flying.filter((swap) => isMet(rules, state, swap));
      renumber(state);
    },
  };
}

interface Landing {
  readonly rules: Readonly<Record<LeaseRule, boolean>>;
  readonly state: LeaseState;
  readonly swap: Swap;
  readonly index: number;
}

function landings(landing: Landing): Action<LeaseState>[] {
  const { state: before, swap, index } = landing;
  const isAwaited = before.nodes[swap.node]!.request?.id === swap.id;
  const text = `${swap.kind} of n${swap.node}, epoch ${swap.epoch}, renewal ${swap.renewal}`;
  const unanswered: Action<LeaseState> = {
    label: `lands, nobody hears: ${text}`,
    run: (state) => {
      state.flying.splice(index, 1);
      evaluate(landing, state);
    },
  };
  if (!isAwaited) return [unanswered];
  const answered: Action<LeaseState> = {
    label: `lands and is answered: ${text}`,
    run: (state) => {
      state.flying.splice(index, 1);
      answer(state, swap, evaluate(landing, state));
    },
  };
  return [answered, unanswered];
}

/** Does the row meet the condition of the swap? */
function isMet(rules: Landing["rules"], { row }: LeaseState, swap: Swap): boolean {
  const { kind, epoch, renewal } = swap;
  const isEpoch = row.epoch === (kind === "acquire" ? epoch - 1 : epoch);
  const isCompared =
    (kind !== "renew" || rules.renewIfUnchanged) &&
    (kind !== "acquire" || rules.acquireIfUnchanged);
  return isEpoch && (!isCompared || row.renewal === renewal);
}

/** The server's part. */
function evaluate({ rules, swap }: Landing, state: LeaseState): boolean {
  const { row } = state;
  const { kind, epoch, upper, name } = swap;
  if (!isMet(rules, state, swap)) return false;
  row.renewal++;
  if (kind === "ask") row.isWanted = true;
  else Object.assign(row, { epoch, upper, owner: kind === "release" ? null : name });
  if (kind === "acquire") {
    row.isWanted = false;
    state.began[epoch] = swap.lower;
    // The taker has seen the row unchanged for a period: whoever held it is past its deadline.
    for (const node of state.nodes) {
      if (rules.acquireIfUnchanged && node.held !== null && node.held.epoch < epoch)
        node.held = null;
    }
  }
  return true;
}

function answer(state: LeaseState, swap: Swap, isApplied: boolean): void {
  const node = state.nodes[swap.node]!;
  const { row } = state;
  node.request = null;
  if (swap.kind === "ask") return;
  if (swap.kind === "acquire") {
    if (isApplied) node.held = heldFrom(swap, row.renewal, swap.upper);
  } else if (isApplied && swap.kind === "release") node.held = null;
  else if (isApplied && node.held !== null) {
    Object.assign(node.held, {
      renewal: row.renewal,
      upper: Math.max(node.held.upper, swap.upper),
    });
  } else readAgain(state, swap.node, 0);
}

function heldFrom({ epoch, lower }: Swap, renewal: number, upper: number): HeldRow {
  return { epoch, renewal, upper, last: lower, isReleasing: false };
}

/** A serial read: the lease goes on from what the row says, or is lost. */
function readAgain(state: LeaseState, index: number, claimed: number): void {
  const node = state.nodes[index]!;
  const { row } = state;
  const isMine = node.held?.epoch === row.epoch && row.owner === node.name;
  if (!isMine) node.held = null;
  else {
    const upper = Math.max(node.held!.upper, row.upper, claimed);
    Object.assign(node.held!, { renewal: row.renewal, upper });
  }
}

interface Situation {
  readonly rules: Readonly<Record<LeaseRule, boolean>>;
  readonly world: LeaseWorld;
  readonly state: LeaseState;
  readonly node: number;
}

function nodeActions(situation: Situation): Action<LeaseState>[] {
  const { world, state, node } = situation;
  const { held, request } = state.nodes[node]!;
  const actions: Action<LeaseState>[] = [];
  const add = (label: string, run: (state: LeaseState) => void): void => {
    actions.push({ label: `n${node} ${label}`, run });
  };
  if (request !== null) {
    add("gets no answer, and reads", (to) => learn(situation.rules, to, node));
  } else if (state.flying.length < world.flyingMax) {
    for (const swap of wishes(situation)) {
      add(`sends: ${swap.kind}`, (to) => send(to, swap));
    }
  }
  if (held !== null && held.last < held.upper && !held.isReleasing) {
    add(`writes with timestamp ${held.last + 1}`, (to) => use(to, node));
  }
  if (held !== null || request !== null) add("dies", (to) => die(to, node));
  return actions;
}

/** The next process of the node has a name of its own. */
function die(state: LeaseState, index: number): void {
  state.nodes[index] = { name: state.names++, request: null, held: null };
}

function learn(rules: Situation["rules"], state: LeaseState, index: number): void {
  const node = state.nodes[index]!;
  const { row } = state;
  const swap = node.request!;
  node.request = null;
  if (swap.kind === "ask") return;
  if (swap.kind !== "acquire") {
    const isTrusting = !rules.unknownIsNoSuccess && swap.kind === "renew";
    readAgain(state, index, isTrusting ? swap.upper : 0);
    return;
  }
  if (row.epoch !== swap.epoch || row.owner !== node.name) return;
  node.held = heldFrom(swap, row.renewal, rules.acquireByRow ? row.upper : swap.upper);
}

type Wish = Omit<Swap, "id" | "name" | "node">;

/** What the node may ask of the row. */
function wishes({ rules, world, state, node }: Situation): (Wish & { node: number })[] {
  const { held } = state.nodes[node]!;
  const { row } = state;
  if (held !== null) {
    const { epoch, renewal, last } = held;
    const released = rules.releaseAboveUsed ? last : Math.max(0, last - 1);
    const common = { node, epoch, renewal, lower: 0 };
    const release = { ...common, kind: "release" as const, upper: released };
    if (held.isReleasing || held.upper >= world.upperMax) return [release];
    // The clock of this moment may allow less than the last grant did; it may not take it back.
    const upper = Math.max(last, held.upper - 1) + GRANT;
    return [{ ...common, kind: "renew", upper }, release];
  }
  const common = { node, renewal: row.renewal };
  const { epoch, upper } = row;
  const mayAsk = row.owner !== null && !row.isWanted;
  const asking = { ...common, kind: "ask" as const, epoch, upper, lower: 0 };
  // The nodes are alike: let the first one begin.
  if (epoch >= world.epochs || (epoch === 0 && node > 0)) return [];
  // A holder that is well renews: only one that waits for an answer looks silent for a period.
  const holder = state.nodes.find((other) => other.held?.epoch === epoch);
  const isTakable = row.owner === null || holder === undefined || holder.request !== null;
  const taking = { ...common, kind: "acquire" as const, epoch: epoch + 1 };
  return [
    ...(mayAsk ? [asking] : []),
    // A second try asks for more: time has passed.
    ...(isTakable
      ? [GRANT, GRANT + 1].map((grant) => ({ ...taking, upper: upper + grant, lower: upper }))
      : []),
  ];
}

function send(state: LeaseState, wish: Wish & { node: number }): void {
  const node = state.nodes[wish.node]!;
  const swap: Swap = { ...wish, name: node.name, id: state.nextId++ };
  node.request = swap;
  if (swap.kind === "release") node.held!.isReleasing = true;
  state.flying.push(swap);
}

function use(state: LeaseState, node: number): void {
  const held = state.nodes[node]!.held!;
  const timestamp = ++held.last;
  const { epoch } = held;
  state.used.forEach((last, other) => {
    if (other < epoch && last >= timestamp) {
      state.broken ??= `epoch ${epoch} uses ${timestamp}, epoch ${other} has used ${last}`;
    }
  });
  state.began.forEach((lower, other) => {
    if (other > epoch && lower >= 0 && timestamp > lower) {
      state.broken ??= `epoch ${epoch} uses ${timestamp}, epoch ${other} began at ${lower}`;
    }
  });
  state.used[epoch] = Math.max(state.used[epoch] ?? 0, timestamp);
}

/** Names and numbers of requests matter only where they are equal. */
function renumber(state: LeaseState): void {
  const ids = new Map<number, number>();
  const names = new Map<number, number>();
  const of = (numbers: Map<number, number>, value: number): number => {
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return numbers.get(value)!;
  };
  const swapOf = (swap: Swap): Swap => ({
    ...swap,
    id: of(ids, swap.id),
    name: of(names, swap.name),
  });
  state.nodes = state.nodes.map(({ name, request, held }) => ({
    name: of(names, name),
    request: request === null ? null : swapOf(request),
    held,
  }));
  state.flying = state.flying.map(swapOf);
  const { row } = state;
  if (row.owner !== null) row.owner = of(names, row.owner);
  state.names = names.size;
  state.nextId = ids.size;
}
