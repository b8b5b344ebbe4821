import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HoraeError } from "@horae/core";
import { readConfig } from "../../src/config/read-config.ts";
import type { NodeConfigInput } from "../../src/config/settings-table.ts";

const EMBEDDED: NodeConfigInput = { embedded: { dir: "/data" } };

function refusal(given: unknown, environment: Record<string, string> = {}): HoraeError {
  try {
    readConfig(given as NodeConfigInput, environment);
  } catch (error) {
    return error as HoraeError;
  }
  throw new Error("the configuration was accepted");
}

describe("a node's configuration", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "horae-config-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  }

  it("fills in the defaults", () => {
    expect(readConfig(EMBEDDED, {}).config).toEqual({
      queue: { name: "default", partitions: 8, bucketMs: 600_000 },
      kafka: null,
      cassandra: null,
      embedded: { dir: "/data" },
      node: { name: null },
      lease: { periodMs: 3_000 },
      executor: { concurrency: 200 },
      watchdog: { enabled: true, blockedMs: null },
      retention: { finishedMs: 604_800_000 },
      http: null,
      logging: { level: "info" },
    });
  });

  it("reads a YAML file", () => {
    const path = file("node.yaml", "queue:\n  name: billing\nembedded:\n  dir: /data\nhttp:\n");
    const { config } = readConfig(path, {});
    expect(config.queue.name).toBe("billing");
    expect(config.http).toEqual({ host: "127.0.0.1", port: 7_373, token: null });
  });

  it("says where a YAML file is broken", () => {
    const path = file("node.yaml", "queue:\n  name: a\n  name: b\n");
    const error = refusal(path);
    expect(error.code).toBe("SETTINGS_INVALID");
    expect(error.message).toContain(path);
    expect(error.message).toContain("line 3");
  });

  it("says that a file is not there", () => {
    expect(refusal(join(dir, "none.yaml")).message).toContain("ENOENT");
  });

  it("puts the environment over the file", () => {
    const path = file(
      "node.yaml",
      "queue: { name: billing, partitions: 4 }\nembedded: { dir: /a }",
    );
    const { config, warnings } = readConfig(path, {
      HORAE_QUEUE_BUCKET_MS: "60000",
      HORAE_QUEUE_PARTITIONS: "16",
      HORAE_HTTP_PORT: "0",
      OTHER: "x",
    });
    expect(config.queue).toEqual({ name: "billing", partitions: 16, bucketMs: 60_000 });
    expect(config.http).toEqual({ host: "127.0.0.1", port: 0, token: null });
    expect(warnings).toEqual([]);
  });

  it("reads lists, maps and secrets from the environment", () => {
    const { config } = readConfig(
      {},
      {
        HORAE_KAFKA_BROKERS: "a:9092, b:9092",
        HORAE_KAFKA_SASL_USERNAME: "horae",
        HORAE_KAFKA_SASL_PASSWORD_FILE: file("password", "s3cret\n"),
        HORAE_KAFKA_SSL_ENABLED: "true",
        HORAE_CASSANDRA_CONTACT_POINTS: "c",
        HORAE_CASSANDRA_LOCAL_DATA_CENTER: "dc1",
        HORAE_CASSANDRA_REPLICATION: "dc1=3,dc2=2",
      },
    );
    expect(config.kafka).toMatchObject({
      brokers: ["a:9092", "b:9092"],
      ssl: { enabled: true, ca: null },
      sasl: { mechanism: "scram-sha-512", username: "horae", password: "s3cret" },
    });
    expect(config.cassandra).toMatchObject({ replication: { dc1: 3, dc2: 2 }, credentials: null });
  });

  it("does not take a secret twice, or from a file that is not there", () => {
    const both = { HORAE_QUEUE_NAME: "a", HORAE_QUEUE_NAME_FILE: file("name", "b") };
    expect(refusal(EMBEDDED, both).message).toContain("not both");
    const missing = { HORAE_QUEUE_NAME_FILE: join(dir, "none") };
    expect(refusal(EMBEDDED, missing).message).toContain("HORAE_QUEUE_NAME_FILE");
  });

  it("names every problem, and the nearest name for one that is unknown", () => {
    const error = refusal({
      queue: { name: "no spaces", partition: 3, bucketMs: 0.5 },
      embeded: { dir: "x" },
      lease: 3,
      executor: { concurrency: "many" },
    });
    expect((error.details["problems"] as { path: string }[]).map(({ path }) => path)).toEqual([
      "embeded",
      "queue.partition",
      "queue.name",
      "queue.bucketMs",
      "lease",
      "executor.concurrency",
    ]);
    expect(error.message).toContain('embeded: no such setting; did you mean "embedded"?');
    expect(error.message).toContain('queue.partition: no such setting; did you mean "partitions"?');
    expect(error.message).toContain("executor.concurrency: expected an integer from 1 to 100,000");
  });

  it("names the variable that is wrong, and does not show a secret", () => {
    const error = refusal(EMBEDDED, { HORAE_EXECUTOR_CONCURRENCY: "1e3" });
    expect(error.message).toContain(
      'HORAE_EXECUTOR_CONCURRENCY: expected an integer from 1 to 100,000, not "1e3"',
    );
    const secret = refusal({
      kafka: { brokers: ["a"], sasl: { username: "u", password: 12345 } },
      cassandra: { contactPoints: ["c"], localDataCenter: "dc1" },
    });
    expect(secret.message).toContain("kafka.sasl.password: expected a text");
    expect(secret.message).not.toContain("12345");
  });

  it("warns of variables that mean nothing, but not of those of Kubernetes", () => {
    const { warnings } = readConfig(EMBEDDED, {
      HORAE_QUEUE_NAMES: "x",
      HORAE_SERVICE_HOST: "10.0.0.1",
      HORAE_PORT: "tcp://10.0.0.1:80",
      HORAE_PORT_80_TCP_ADDR: "10.0.0.1",
      HORAE_HTTP_PORT: "tcp://10.0.0.1:80",
    });
    expect(warnings).toEqual(['HORAE_QUEUE_NAMES is no setting; did you mean "HORAE_QUEUE_NAME"?']);
  });

  it("takes any interface with a token, and keeps the token out of messages", () => {
    const token = "a-token-of-enough-length";
    const { config } = readConfig({ ...EMBEDDED, http: { host: "0.0.0.0", token } }, {});
    expect(config.http).toMatchObject({ host: "0.0.0.0", token });
    const wrong = refusal({ ...EMBEDDED, http: { token: `${token} ` } });
    expect(wrong.message).not.toContain(token);
  });

  it.each<[string, unknown, string]>([
    ["no store", {}, "say where tasks are kept"],
    ["half a cluster", { kafka: { brokers: ["a"] } }, "both kafka and cassandra"],
    ["two stores", { ...EMBEDDED, kafka: { brokers: ["a"] } }, "not both"],
    ["a required setting is missing", { embedded: {} }, "embedded.dir: required"],
    ["an interface for everybody", { ...EMBEDDED, http: { host: "0.0.0.0" } }, "http.token"],
    ["a short token", { ...EMBEDDED, http: { token: "x".repeat(15) } }, "16 or more"],
    ["a list", [], "configuration: expected a section"],
    ["a text", 3, "configuration: expected a section"],
  ])("refuses %s", (_what, given, message) => {
    const error = refusal(given);
    expect(error.code).toBe("SETTINGS_INVALID");
    expect(error.message).toContain(message);
  });
});
