import { NAME_PATTERN } from "@horae/core";
import type { InputOf, ValueOf } from "./setting.ts";
import {
  choice,
  counts,
  flag,
  integer,
  milliseconds,
  optional,
  optionalSection,
  required,
  section,
  setting,
  text,
  texts,
} from "./setting-kinds.ts";

const DAY_MS = 86_400_000;

const name = text(NAME_PATTERN, `a name that matches \`${NAME_PATTERN.source}\``);

const tls = section("Encryption of the connection.", {
  enabled: setting(flag, false, { description: "Whether to use TLS." }),
  ca: optional(text(), {
    defaultText: "the public authorities",
    description: "Certificate of the authority, PEM.",
  }),
  cert: optional(text(), { defaultText: "none", description: "Certificate of this client, PEM." }),
  key: optional(text(), {
    defaultText: "none",
    description: "Private key of this client, PEM.",
    secret: true,
  }),
});

/**
 * Every setting of a node, in one table: reading, checking, types and `docs/configuration.md` all
 * come from it.
 */
export const SETTINGS = section("Configuration of a node.", {
  queue: section("The queue that the node serves. Fixed when the queue is created.", {
    name: setting(name, "default", { description: "Name of the queue." }),
    partitions: setting(integer(1, 10_000), 8, {
      fixed: true,
      description: "Number of partitions. Tasks of one ordering id are in one partition.",
    }),
    bucketMs: setting(milliseconds(1_000, 7 * DAY_MS), 600_000, {
      fixed: true,
      description: "Width of a bucket: the slice of scheduled time whose rows lie together.",
    }),
  }),
  kafka: optionalSection("The log on Kafka. Needs `cassandra` too.", {
    brokers: required(texts, { description: "Brokers to begin with, `host:port`." }),
    topic: optional(text(), { defaultText: "`horae.<queue>`", description: "Topic of the queue." }),
    groupId: optional(text(), {
      defaultText: "`horae.<queue>`",
      description: "Consumer group of the queue's nodes.",
    }),
    clientId: setting(text(), "horae", { description: "How the brokers' logs name this node." }),
    replicationFactor: setting(integer(1, 100), 3, {
      description: "Copies of the topic when it is created.",
    }),
    retentionMs: setting(milliseconds(3_600_000, 3_650 * DAY_MS), 7 * DAY_MS, {
      description:
        "How long the log keeps records when the topic is created: the longest outage of store or " +
        "nodes to survive. A topic that keeps less is warned about.",
    }),
    sessionTimeoutMs: setting(milliseconds(6_000, 300_000), 10_000, {
      description: "How long Kafka takes a silent node for alive.",
    }),
    onLogGap: setting(choice("stop", "continue-from-earliest"), "stop", {
      description:
        "What happens to a partition whose log does not hold its place any more (retention has " +
        "passed it, the topic was made anew): it stops, or goes on with the oldest record there is.",
    }),
    ssl: tls,
    sasl: optionalSection("How the node proves who it is to Kafka.", {
      mechanism: setting(choice("plain", "scram-sha-256", "scram-sha-512"), "scram-sha-512", {
        description: "SASL mechanism.",
      }),
      username: required(text(), { description: "User name." }),
      password: required(text(), { description: "Password.", secret: true }),
    }),
  }),
  cassandra: optionalSection("The store on Cassandra. Needs `kafka` too.", {
    contactPoints: required(texts, { description: "Hosts to begin with, `host` or `host:port`." }),
    localDataCenter: required(text(), { description: "Data centre of this node." }),
    keyspace: setting(
      text(/^[a-z][a-z0-9_]{0,47}$/, "lower-case letters, digits and underscores"),
      "horae",
      { description: "Keyspace of the tables." },
    ),
    replication: optional(counts, {
      defaultText: "3 in `localDataCenter`",
      description: "Copies per data centre when the keyspace is created.",
    }),
    ssl: tls,
    credentials: optionalSection("How the node proves who it is to Cassandra.", {
      username: required(text(), { description: "User name." }),
      password: required(text(), { description: "Password.", secret: true }),
    }),
  }),
  embedded: optionalSection("Log and store in one directory of this machine.", {
    dir: required(text(), { description: "Directory; made when it does not exist." }),
  }),
  node: section("This process.", {
    name: optional(name, {
      defaultText: "the host's name",
      description: "How leases and logs name the node. Each start adds something unique.",
    }),
  }),
  lease: section("Ownership of partitions.", {
    periodMs: setting(milliseconds(500, 600_000), 3_000, {
      description: "Life of a lease without renewal: how long tasks wait after a node has died.",
    }),
  }),
  executor: section("Running of tasks.", {
    concurrency: setting(integer(1, 100_000), 200, {
      description: "Attempts that run at the same time in this node.",
    }),
  }),
  watchdog: section(
    "Ends the process with SIGKILL when a handler blocks its event loop, after a last line in the log " +
      "that names the tasks that run. Time in which the whole process is stopped does not count.",
    {
      enabled: setting(flag, true, {
        description: "Whether to watch. A debugger switches it off.",
      }),
      blockedMs: optional(milliseconds(1_000, 3_600_000), {
        defaultText: "three times `lease.periodMs`, at least 10,000",
        description: "How long the event loop may be blocked.",
      }),
    },
  ),
  retention: section("How long what is finished is kept.", {
    finishedMs: setting(milliseconds(DAY_MS, 3_650 * DAY_MS), 7 * DAY_MS, {
      description:
        "Life of a finished task after its end. Whole buckets are deleted, when the last of their tasks has " +
        "been finished for so long.",
    }),
  }),
  http: optionalSection("The HTTP interface. None without this section.", {
    host: setting(text(/^[A-Za-z0-9.:-]{1,253}$/, "an address or a host name"), "127.0.0.1", {
      description: "Address to listen on. One that is not of this machine alone needs a token.",
    }),
    port: setting(integer(0, 65_535), 7_373, {
      description: "Port to listen on; 0 takes a free one.",
    }),
    token: optional(text(/^[\x21-\x7e]{16,}$/, "16 or more visible ASCII characters"), {
      defaultText: "none",
      description:
        "What requests must bring, but for `/healthz` and `/readyz`: `Authorization: Bearer <token>`.",
      secret: true,
    }),
  }),
  logging: section("What the node logs: JSON lines on the standard error stream.", {
    level: setting(choice("debug", "info", "warn", "error", "silent"), "info", {
      description: "The least severe level that is logged. Single tasks appear at `debug` only.",
    }),
  }),
});

/** The configuration as a caller gives it. */
export type NodeConfigInput = InputOf<typeof SETTINGS>;

/** The configuration with everything filled in; sections that are absent are null. */
export type NodeConfig = ValueOf<typeof SETTINGS>;
