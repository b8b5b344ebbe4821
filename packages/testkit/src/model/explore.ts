/** What may happen next. */
export interface Action<State> {
  /** For people who read a trace. */
  readonly label: string;
  /** Changes the state that it is given. */
  readonly run: (state: State) => void;
}

/** A system whose states can be listed one by one. States are plain data. */
export interface Model<State> {
  initial(): State;
  clone(state: State): State;
  /** Everything that may happen in a state, always in the same order. */
  actions(state: State): readonly Action<State>[];
  /** What is wrong with a state; null: nothing. */
  check(state: State): string | null;
  /** The state without what makes no difference for anything that may still happen. Changes it. */
  reduce(state: State): void;
}

export interface ExploreLimits {
  readonly statesMax: number;
  /** Is asked now and then: stop here? */
  readonly isTimeOver: () => boolean;
}

/** How an exploration ended. */
export interface Exploration {
  /** The first broken promise, if there is one, and the shortest way to it. */
  readonly broken: string | null;
  readonly trace: readonly string[];
  /** Every state that can be reached has been seen. */
  readonly isExhaustive: boolean;
  readonly states: number;
  readonly depth: number;
}

/** A step that led to a state: states are numbered in the order in which they were found. */
interface Step {
  readonly from: number;
  readonly action: number;
}

/** How often the time is looked at, in states. */
const TIME_EVERY = 1_024;

/**
 * Breadth first through all states of a model, so that a trace is a shortest one. A state is
 * remembered by 53 bits of hash: at a million states two of them meet with a chance of 1 in 10,000,
 * and then hide each other.
 */
export function explore<State>(model: Model<State>, limits: ExploreLimits): Exploration {
  const first = model.initial();
  model.reduce(first);
  const seen = new Set([fingerprint(JSON.stringify(first))]);
  const steps: Step[] = [{ from: -1, action: -1 }];
  let front = [{ id: 0, text: JSON.stringify(first) }];
  const end = (depth: number, isExhaustive: boolean): Exploration => ({
    broken: null,
    trace: [],
    isExhaustive,
    states: steps.length,
    depth,
  });
  for (let depth = 0; front.length > 0; depth++) {
    const next: typeof front = [];
    for (const { id, text } of front) {
      const state = JSON.parse(text) as State;
      const actions = model.actions(state);
      for (let action = 0; action < actions.length; action++) {
        const after = model.clone(state);
        actions[action]!.run(after);
        const broken = model.check(after);
        if (broken !== null) {
          const trace = [...traceTo(model, steps, id), actions[action]!.label];
          return { ...end(depth + 1, false), broken, trace };
        }
        model.reduce(after);
        const key = JSON.stringify(after);
        const hash = fingerprint(key);
        if (seen.has(hash)) continue;
        seen.add(hash);
        next.push({ id: steps.length, text: key });
        steps.push({ from: id, action });
        const isTimeToLook = steps.length % TIME_EVERY === 0;
        if (steps.length >= limits.statesMax || (isTimeToLook && limits.isTimeOver())) {
          return end(depth, false);
        }
      }
    }
    front = next;
    if (front.length === 0) return end(depth, true);
  }
  return end(0, true);
}

/** The labels of the steps from the beginning to a state, by taking them again. */
function traceTo<State>(model: Model<State>, steps: readonly Step[], id: number): string[] {
  const taken: number[] = [];
  for (let step = steps[id]!; step.from >= 0; step = steps[step.from]!) taken.unshift(step.action);
  const state = model.initial();
  model.reduce(state);
  return taken.map((index) => {
    const action = model.actions(state)[index]!;
    action.run(state);
    model.reduce(state);
    return action.label;
  });
}

const { imul } = Math;

/** Two multiplicative hashes of 32 bits (the one is FNV-1a), 53 bits of them. */
function fingerprint(text: string): number {
  let a = 0x9dc5811c | 0;
  let b = 0x1b873593 | 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = imul(a ^ code, 0x01000193);
    b = imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return (a >>> 0) * 2 ** 21 + ((b >>> 0) & (2 ** 21 - 1));
}
