import { LifeBoard } from "../../src/watchdog/life-board.ts";

describe("LifeBoard", () => {
  it("shows another thread the signs of life and what runs", () => {
    const board = new LifeBoard();
    const seen = new LifeBoard(board.memory);
    const end = board.show("first");
    board.show("second \u{1f422}");
    board.beat();
    expect(seen.beats).toBe(1);
    expect(seen.names().toSorted()).toEqual(["first", "second \u{1f422}"]);
    end();
    expect(seen.names()).toEqual(["second \u{1f422}"]);
    expect(seen.running).toBe(1);
  });

  it("counts what it cannot name, and names the next one again when there is room", () => {
    const board = new LifeBoard();
    const ends = Array.from({ length: 100 }, (_, at) => board.show(`task ${at}`));
    expect(board.running).toBe(100);
    expect(board.names()).toHaveLength(64);
    for (const end of ends) end();
    expect(board.running).toBe(0);
    board.show("next");
    expect(board.names()).toEqual(["next"]);
  });

  it("keeps the beginning of a long name, in whole characters", () => {
    const board = new LifeBoard();
    board.show(`${"x".repeat(255)}\u{1f422}`);
    expect(board.names()).toEqual(["x".repeat(255)]);
  });
});
