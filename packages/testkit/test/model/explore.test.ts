import { explore, type Model } from "../../src/model/explore.ts";

interface Jugs {
  small: number;
  large: number;
  poured: number;
}

/** Two jugs of three and five litres. */
function jugs(goal: number): Model<Jugs> {
  const change = (label: string, run: (state: Jugs) => void) => ({ label, run });
  return {
    initial: () => ({ small: 0, large: 0, poured: 0 }),
    clone: (state) => ({ ...state }),
    actions: () => [
      change("fill small", (state) => void (state.small = 3)),
      change("fill large", (state) => void (state.large = 5)),
      change("empty small", (state) => void (state.small = 0)),
      change("empty large", (state) => void (state.large = 0)),
      change("small into large", (state) => {
        const amount = Math.min(state.small, 5 - state.large);
        Object.assign(state, { small: state.small - amount, large: state.large + amount });
        state.poured += amount;
      }),
      change("large into small", (state) => {
        const amount = Math.min(state.large, 3 - state.small);
        Object.assign(state, { small: state.small + amount, large: state.large - amount });
        state.poured += amount;
      }),
    ],
    check: ({ large }) => (large === goal ? `${goal} litres` : null),
    reduce: (state) => void (state.poured = 0),
  };
}

const NO_LIMITS = { statesMax: 1_000, isTimeOver: () => false };

describe("explore", () => {
  it("finds the shortest way to a state that must not be", () => {
    const { broken, trace } = explore(jugs(4), NO_LIMITS);
    expect(broken).toBe("4 litres");
    expect(trace).toEqual([
      "fill large",
      "large into small",
      "empty small",
      "large into small",
      "fill large",
      "large into small",
    ]);
  });

  it("sees every state that can be reached, once, whatever makes no difference", () => {
    const found = explore(jugs(6), NO_LIMITS);
    expect(found).toMatchObject({ broken: null, isExhaustive: true, states: 16 });
  });

  it("says that it has not seen all when states or time run out", () => {
    const few = explore(jugs(6), { ...NO_LIMITS, statesMax: 5 });
    expect(few).toMatchObject({ broken: null, isExhaustive: false, states: 5 });
  });
});
