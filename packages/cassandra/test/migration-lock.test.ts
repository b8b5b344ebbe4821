import { tableId } from "../src/migration-lock.ts";

describe("tableId", () => {
  it("is a UUID, the same for one keyspace and another for the next", () => {
    expect(tableId("horae")).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(tableId("horae")).toBe(tableId("horae"));
    expect(tableId("horae")).not.toBe(tableId("horae2"));
  });
});
