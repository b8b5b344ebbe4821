import fc from "fast-check";
import { Gate } from "../src/gate.ts";

class Caller {
  hasEnded = false;
  isInside = false;
  enter(): void {
    this.isInside = true;
  }
}

describe("the gate", () => {
  it("keeps its limits and the order, whatever callers do", () => {
    const step = fc.constantFrom("arrive", "leave", "giveUp");
    const limits = fc.record({ insideMax: fc.integer({ min: 1, max: 4 }), waitingMax: fc.nat(6) });
    const property = fc.property(limits, fc.array(step, { maxLength: 3_000 }), (given, steps) => {
      const gate = new Gate(given);
      const inside: Caller[] = [];
      let waiting: Caller[] = [];
      for (const name of steps) {
        if (name === "arrive") {
          expect(gate.isFull).toBe(
            inside.length === given.insideMax && waiting.length === given.waitingMax,
          );
          if (gate.isFull) continue;
          const caller = new Caller();
          gate.admit(caller);
          (caller.isInside ? inside : waiting).push(caller);
        } else if (name === "leave" && inside.length > 0) {
          inside.shift();
          gate.leave();
          if (waiting[0]?.isInside === true) inside.push(waiting.shift()!);
        } else if (name === "giveUp" && waiting.length > 0) {
          const quitter = waiting[waiting.length >> 1]!;
          quitter.hasEnded = true;
          waiting = waiting.filter((caller) => caller !== quitter);
          gate.giveUp();
        }
        expect(inside.length).toBeLessThanOrEqual(given.insideMax);
        // Nobody waits while there is room, and nobody overtakes.
        if (inside.length < given.insideMax) expect(waiting).toEqual([]);
        expect(waiting.filter(({ isInside }) => isInside)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: 50 });
  });
});
