import { RequestLimit } from "../src/request-limit.ts";

function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

describe("RequestLimit", () => {
  it("runs at most so many at once, in line", async () => {
    const limit = new RequestLimit(2);
    const gates = Array.from({ length: 5 }, gate);
    const started: number[] = [];
    const runs = gates.map(({ promise }, i) =>
      limit.run(() => {
        started.push(i);
        return promise;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    gates[1]!.open();
    await runs[1];
    expect(started).toEqual([0, 1, 2]);
    expect(limit.inFlight).toBe(2);
    gates.forEach(({ open }) => open());
    await Promise.all(runs);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(limit.inFlight).toBe(0);
  });

  it("gives the place of one that failed to the next", async () => {
    const limit = new RequestLimit(1);
    const failing = limit.run(() => Promise.reject(new Error("no")));
    const next = limit.run(() => Promise.resolve(7));
    await expect(failing).rejects.toThrow("no");
    await expect(next).resolves.toBe(7);
  });
});
