import { SilenceMeter } from "../../src/watchdog/silence-meter.ts";

/** [beats, when] of each look, and the silence that each one shows. */
type Look = readonly [beats: number, atMs: number, silentMs: number];

const LOOKS: readonly (readonly [string, readonly Look[]])[] = [
  ["nothing at the first look", [[0, 5_000, 0]]],
  ["nothing while the process beats", [[1, 0, 0], [2, 100, 0], [5, 200, 0]]], // prettier-ignore
  ["time without a beat", [[1, 0, 0], [1, 100, 100], [1, 200, 200]]], // prettier-ignore
  ["nothing again after a beat", [[1, 0, 0], [1, 100, 100], [2, 200, 0], [2, 300, 100]]], // prettier-ignore
  ["two ticks of a time in which nobody looked", [[1, 0, 0], [1, 60_000, 200], [1, 60_100, 300]]], // prettier-ignore
];

describe("SilenceMeter", () => {
  it.each(LOOKS)("counts %s", (_, looks) => {
    const meter = new SilenceMeter(100);
    for (const [beats, atMs, silentMs] of looks) expect(meter.look(beats, atMs)).toBe(silentMs);
  });
});
