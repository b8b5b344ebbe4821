import { resolveCassandraSettings } from "../src/settings.ts";

const MINIMAL = { contactPoints: ["db-1", "db-2"], localDataCenter: "dc1" };

describe("resolveCassandraSettings", () => {
  it("fills in the defaults", () => {
    expect(resolveCassandraSettings(MINIMAL)).toEqual({
      ...MINIMAL,
      keyspace: "horae",
      port: 9_042,
      credentials: null,
      tls: null,
      requestTimeoutMs: 5_000,
      leaseTimeoutMs: 1_000,
      connectTimeoutMs: 2_000,
      reconnectMaxMs: 1_000,
      requestsInFlightMax: 128,
    });
  });

  it.each([
    [["127.0.0.1:9999"], 9_999],
    [["[::1]:9999"], 9_999],
    [["::1"], 9_042],
  ])("takes the port from %j", (contactPoints, port) => {
    expect(resolveCassandraSettings({ ...MINIMAL, contactPoints }).port).toBe(port);
  });

  it.each([
    [{ contactPoints: [] }, "contactPoints"],
    [{ contactPoints: ["a:1", "b:2"] }, "contactPoints"],
    [{ localDataCenter: "" }, "localDataCenter"],
    [{ keyspace: "Horae; DROP" }, "keyspace"],
    [{ leaseTimeoutMs: 0 }, "leaseTimeoutMs"],
    [{ requestsInFlightMax: 1.5 }, "requestsInFlightMax"],
  ])("refuses %j", (wrong, name) => {
    expect(() => resolveCassandraSettings({ ...MINIMAL, ...wrong })).toThrow(
      expect.objectContaining({
        code: "SETTINGS_INVALID",
        details: expect.objectContaining({ name }),
      }),
    );
  });
});
