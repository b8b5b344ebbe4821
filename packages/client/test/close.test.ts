import { HoraeError } from "@horae/core";
import { settled } from "@horae/testkit";
import { failAppends, holdAppends, rejection, setup, task } from "./setup.ts";

describe("close", () => {
  it("waits for what is under way", async () => {
    const { clock, log, client } = setup();
    const held = holdAppends(log);
    const scheduled = client.scheduleTask(task());
    await settled();
    const closed = client.close({ timeoutMs: 1_000 });
    held.release();
    expect(await scheduled).toMatchObject({ offset: 0 });
    await closed;
    expect(clock.pendingTimers).toBe(0);
  });

  it("rejects the rest when its time is up, and says which may have been appended", async () => {
    const { clock, log, client } = setup({ inFlightTasksMax: 1 });
    holdAppends(log);
    const sent = rejection(client.scheduleTask(task()));
    const waiting = rejection(client.scheduleTask(task({ uniquenessKey: "b" })));
    await settled();
    const closed = client.close({ timeoutMs: 1_000 });
    await clock.advance(1_000);
    await closed;
    expect(await sent).toMatchObject({ code: "APPEND_UNKNOWN", certain: false });
    expect(await waiting).toMatchObject({ code: "CLIENT_CLOSED", certain: true });
  });

  it("does not wait for the back-off of a call that it rejects", async () => {
    const { clock, log, client } = setup();
    const down = new HoraeError("LOG_UNAVAILABLE", "away", { retryable: true });
    failAppends(
      log,
      Array.from({ length: 100 }, () => down),
    );
    const failed = rejection(client.scheduleTask(task()));
    await settled();
    const closed = client.close({ timeoutMs: 0 });
    await clock.advance(0);
    await closed;
    expect(await failed).toMatchObject({ code: "CLIENT_CLOSED", certain: true });
    await settled();
    expect(clock.pendingTimers).toBe(0);
  });

  it("refuses calls afterwards, and ends a bulk call", async () => {
    const { log, client } = setup({ inFlightTasksMax: 1 });
    const held = holdAppends(log);
    const bulk = client.scheduleTasks([
      task(),
      task({ uniquenessKey: "b" }),
      task({ uniquenessKey: "c" }),
    ]);
    await settled();
    const closed = client.close();
    held.release();
    await settled();
    held.release();
    await closed;
    expect(await bulk).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: false, error: { code: "CLIENT_CLOSED", certain: true } },
    ]);
    expect(await rejection(client.scheduleTask(task()))).toMatchObject({ code: "CLIENT_CLOSED" });
  });

  it("may be called again", async () => {
    const { client } = setup();
    await client.close();
    await client.close();
  });
});
