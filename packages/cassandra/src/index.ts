// Connecting, and the schema
export { CassandraConnection, connectCassandra, type ConnectOptions } from "./connect.ts";
export { migrate, type MigrateOptions, type MigrateResult } from "./migrate.ts";
export { SCHEMA_VERSION } from "./migrations.ts";
export type { CassandraSettings, CassandraTls } from "./settings.ts";

// The ports
export type { CassandraStore } from "./cassandra-store.ts";
export type { CassandraLeaseStore } from "./cassandra-lease-store.ts";
