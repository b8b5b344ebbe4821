import type { HoraeEvent } from "@horae/core";
import { EventRecorder, rejection } from "../src/index.ts";

let events: EventRecorder;

beforeEach(() => {
  events = new EventRecorder({ patienceMs: 20 });
});

const persisted = (tasks: number): HoraeEvent => ({ type: "tasksPersisted", partition: 0, tasks });

describe("an event recorder", () => {
  it("hands out what it has recorded, each event once, in order", async () => {
    events.emit(persisted(1));
    events.emit(persisted(2));
    expect(await events.next("tasksPersisted")).toMatchObject({ tasks: 1 });
    expect(await events.next("tasksPersisted")).toMatchObject({ tasks: 2 });
    const third = events.next("tasksPersisted");
    events.emit(persisted(3));
    expect(await third).toMatchObject({ tasks: 3 });
  });

  it("gives an event to the first of those who wait for it", async () => {
    const [first, second] = [events.next("tasksPersisted"), events.next("tasksPersisted")];
    events.emit(persisted(1));
    events.emit(persisted(2));
    expect([await first, await second]).toMatchObject([{ tasks: 1 }, { tasks: 2 }]);
  });

  it("waits for the event that matches", async () => {
    const wanted = events.next("tasksPersisted", ({ tasks }) => tasks > 5);
    events.emit(persisted(1));
    events.emit({ type: "recordsReceived", partition: 0, records: 9 });
    events.emit(persisted(6));
    expect(await wanted).toMatchObject({ tasks: 6 });
    expect(await events.next("tasksPersisted")).toMatchObject({ tasks: 1 });
  });

  it("shows what came when what was awaited did not", async () => {
    events.emit(persisted(7));
    events.emit({ type: "unexpectedError", where: "loop", error: new Error("boom") });
    const error = await rejection(events.next("leaseLost"));
    expect(error.message).toContain("no leaseLost came");
    expect(error.message).toContain('{"type":"tasksPersisted","partition":0,"tasks":7}');
    expect(error.message).toContain("Error: boom");
  });

  it("counts and lists by type, and forgets when it is told to", async () => {
    events.emit(persisted(1));
    events.emit(persisted(2));
    events.emit({ type: "recordsReceived", partition: 0, records: 9 });
    expect(events.count("tasksPersisted")).toBe(2);
    expect(events.of("recordsReceived")).toMatchObject([{ records: 9 }]);
    events.clear();
    expect(events.count("tasksPersisted")).toBe(0);
    const error = await rejection(events.next("tasksPersisted"));
    expect(error.message).toContain("no tasksPersisted came");
  });
});
