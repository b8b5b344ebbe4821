/** The lease row, lightweight transactions under way, and two nodes that want it. Plain data. */
export interface LeaseState {
  row: LeaseRow;
  flying: Swap[];
  nodes: LeaseNode[];
  /** By epoch: the last write timestamp that was used (0: none), and where the range began (-1: never). */
  used: number[];
  began: number[];
  /** Process starts so far: each has a name of its own. */
  names: number;
  /** Number of the next request. */
  nextId: number;
  broken: string | null;
}

export interface LeaseRow {
  epoch: number;
  renewal: number;
  /** Write timestamps up to here are granted. */
  upper: number;
  /** Null: released. */
  owner: number | null;
  isWanted: boolean;
}

/** Evaluated at any later time, or never. */
export interface Swap {
  kind: "acquire" | "renew" | "release" | "ask";
  node: number;
  /** Name of the process that asked. */
  name: number;
  id: number;
  /** The epoch after it. */
  epoch: number;
  /** The renewal that the row must have. */
  renewal: number;
  upper: number;
  /** Of an acquire: where the range begins. */
  lower: number;
}

export interface LeaseNode {
  name: number;
  /** What it has asked and got no answer to. */
  request: Swap | null;
  held: HeldRow | null;
}

/** A lease as its owner knows it. */
export interface HeldRow {
  epoch: number;
  renewal: number;
  upper: number;
  /** The last write timestamp that was used. */
  last: number;
  isReleasing: boolean;
}

export function copyLeaseState(state: LeaseState): LeaseState {
  return {
    ...state,
    row: { ...state.row },
    flying: [...state.flying],
    nodes: state.nodes.map((node) => ({
      ...node,
      held: node.held === null ? null : { ...node.held },
    })),
    used: [...state.used],
    began: [...state.began],
  };
}
