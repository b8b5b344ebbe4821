import { HoraeError } from "@horae/core";
import { settled } from "@horae/testkit";
import { failAppends, holdAppends, rejection, setup, task } from "./setup.ts";

const KEY = "2026-12-01T09:00:00.000Z/customer-42/invoice-7";

const down = () => new HoraeError("LOG_UNAVAILABLE", "the log is away", { retryable: true });
const full = () => new HoraeError("LOG_UNAVAILABLE", "the disk is full", { retryable: true });
const tooLarge = () => new HoraeError("RECORD_TOO_LARGE", "too large for the log");
const unknown = () =>
  new HoraeError("APPEND_UNKNOWN", "no answer", { certain: false, retryable: true });

describe("when the log fails", () => {
  it("repeats what may pass, with back-off, until it succeeds", async () => {
    const { clock, log, client } = setup();
    const seen = failAppends(log, [down(), down(), down()]);
    const scheduled = client.scheduleTask(task());
    await clock.advance(1_000);
    expect(await scheduled).toMatchObject({ key: KEY, offset: 0 });
    expect(seen.attempts).toBe(4);
  });

  it("repeats an append whose fate is unknown: the same key is one task", async () => {
    const { clock, log, client } = setup();
    failAppends(log, [unknown()], "after");
    const scheduled = client.scheduleTask(task());
    await clock.advance(1_000);
    expect(await scheduled).toMatchObject({ key: KEY, offset: 1 });
  });

  it("gives up after appendTimeoutMs, certain when no attempt can have succeeded", async () => {
    const { clock, log, client } = setup({ appendTimeoutMs: 5_000 });
    const seen = failAppends(log, Array.from({ length: 100 }, down));
    const error = rejection(client.scheduleTask(task()));
    await clock.advance(5_000);
    expect(await error).toMatchObject({
      code: "LOG_UNAVAILABLE",
      certain: true,
      retryable: true,
      details: { key: KEY, uniquenessKey: "invoice-7" },
      cause: { message: "the log is away" },
    });
    expect(seen.attempts).toBeGreaterThan(5);
    expect(seen.attempts).toBeLessThan(20);
  });

  it("is not certain any more once one attempt may have succeeded", async () => {
    const { clock, log, client } = setup({ appendTimeoutMs: 5_000 });
    failAppends(log, [unknown(), ...Array.from({ length: 100 }, down)]);
    const error = rejection(client.scheduleTask(task()));
    await clock.advance(5_000);
    expect(await error).toMatchObject({ code: "APPEND_UNKNOWN", certain: false });
  });

  it("says APPEND_UNKNOWN with the key when the log does not answer", async () => {
    const { clock, log, client } = setup();
    const held = holdAppends(log);
    const { uniquenessKey: _, ...input } = task();
    const error = rejection(client.scheduleTask(input));
    await clock.advance(30_000);
    const { code, certain, details, message } = await error;
    expect({ code, certain }).toEqual({ code: "APPEND_UNKNOWN", certain: false });
    expect(details["key"]).toBe(
      `2026-12-01T09:00:00.000Z/customer-42/${details["uniquenessKey"] as string}`,
    );
    expect(message).toContain(details["key"]);
    expect(held.arrived).toHaveLength(1);
  });

  it("refuses at once what a repetition would not change", async () => {
    const { log, client } = setup();
    const seen = failAppends(log, [tooLarge()]);
    expect(await rejection(client.scheduleTask(task()))).toMatchObject({
      code: "RECORD_TOO_LARGE",
      certain: true,
      retryable: false,
      message: `${KEY}: too large for the log`,
    });
    expect(seen.attempts).toBe(1);
  });

  it("repeats what is refused for refusalTimeoutMs only, and says why it was refused", async () => {
    const { clock, log, client } = setup({ refusalTimeoutMs: 1_000 });
    failAppends(log, Array.from({ length: 100 }, full));
    const error = rejection(client.scheduleTask(task()));
    await clock.advance(2_000);
    expect(await error).toMatchObject({
      code: "LOG_UNAVAILABLE",
      certain: true,
      retryable: true,
      message: `${KEY}: the disk is full`,
    });
  });

  it("takes an error that no port should throw for an unknown fate", async () => {
    const { log, client } = setup();
    log.intercept = () => {
      throw new TypeError("a bug");
    };
    expect(await rejection(client.scheduleTask(task()))).toMatchObject({
      code: "APPEND_UNKNOWN",
      certain: false,
      cause: { code: "INTERNAL", message: "a bug" },
    });
  });

  it("asks again for the partitions when they could not be had", async () => {
    const { clock, log, client } = setup();
    let asked = 0;
    const partitionCount = () => (asked++ === 0 ? Promise.reject(down()) : Promise.resolve(4));
    log.partitionCount = partitionCount;
    const scheduled = client.scheduleTasks([task(), task({ uniquenessKey: "b" })]);
    await clock.advance(1_000);
    expect(await scheduled).toMatchObject([{ ok: true }, { ok: true }]);
    expect(asked).toBe(2);
  });
});

describe("limits", () => {
  const numbered = (n: number) => task({ uniquenessKey: String(n) });

  it("lets calls wait above inFlightTasksMax, first come first served", async () => {
    const { log, client } = setup({ inFlightTasksMax: 2 });
    const held = holdAppends(log);
    const calls = [0, 1, 2, 3].map((n) => client.scheduleTask(numbered(n)));
    await settled();
    expect(held.arrived).toHaveLength(2);
    held.release();
    await settled();
    expect(held.arrived).toHaveLength(3);
    for (let n = 0; n < 3; n++) {
      held.release();
      await settled();
    }
    const keys = (await Promise.all(calls)).map(({ key, offset }) => `${key.at(-1)}@${offset}`);
    expect(keys).toEqual(["0@0", "1@1", "2@2", "3@3"]);
  });

  it("refuses above waitingTasksMax", async () => {
    const { log, client } = setup({ inFlightTasksMax: 1, waitingTasksMax: 1 });
    const held = holdAppends(log);
    const calls = [client.scheduleTask(numbered(0)), client.scheduleTask(numbered(1))];
    expect(await rejection(client.scheduleTask(task()))).toMatchObject({
      code: "CLIENT_SATURATED",
      certain: true,
      retryable: true,
      details: { key: KEY },
    });
    await settled();
    held.release();
    await settled();
    held.release();
    await Promise.all(calls);
  });

  it("ends a call that has waited for too long, certainly not appended", async () => {
    const { clock, log, client } = setup({ inFlightTasksMax: 1, waitingTasksMax: 1 });
    const held = holdAppends(log);
    const sent = rejection(client.scheduleTask(numbered(0)));
    const waited = rejection(client.scheduleTask(numbered(1)));
    await clock.advance(30_000);
    expect(await sent).toMatchObject({ code: "APPEND_UNKNOWN", certain: false });
    expect(await waited).toMatchObject({ code: "CLIENT_SATURATED", certain: true });
    // The place of the one that was sent is still taken; the one that waited has left the line.
    const next = client.scheduleTask(numbered(2));
    await settled();
    expect(held.arrived).toHaveLength(1);
    held.release();
    await settled();
    held.release();
    expect((await next).offset).toBe(1);
  });

  it("takes one waiting place for a bulk call of any length", async () => {
    const { log, client } = setup({ inFlightTasksMax: 2, waitingTasksMax: 1 });
    const held = holdAppends(log);
    const bulk = client.scheduleTasks(Array.from({ length: 50 }, (_, n) => numbered(n)));
    for (let n = 0; n < 50; n++) {
      await settled();
      held.release();
    }
    const outcomes = await bulk;
    expect(outcomes.map((outcome) => outcome.ok && outcome.offset)).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
  });

  it.each([
    { appendTimeoutMs: 0 },
    { appendTimeoutMs: 2 ** 31 },
    { inFlightTasksMax: 1.5 },
    { waitingTasksMax: -1 },
  ])("refuses the settings %p", (settings) => {
    expect(() => setup(settings)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
  });
});
