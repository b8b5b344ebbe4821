// Real servers for tests. A path of its own: it may bring testcontainers in, and it needs Java or Docker.
export * from "./start-kafka.ts";
export * from "./start-cassandra.ts";
export * from "./shared-servers.ts";
export type { ServerGroup, ServerNode } from "./server-group.ts";
