import { HoraeError } from "@horae/core";
import type { Session } from "./session.ts";

/** Rows of one keyspace's schema: one a version, so that its history can be read. */
export async function createVersionTable(session: Session): Promise<void> {
  await session.define(
    "migrate",
    `CREATE TABLE IF NOT EXISTS ${session.keyspace}.schema_versions (
      component text, version int, description text,
      PRIMARY KEY (component, version)
    )`,
  );
}

/** The version that the keyspace has; 0 when there is nothing yet. */
export async function readSchemaVersion(session: Session): Promise<number> {
  const { keyspace } = session;
  const tables = await session.readLocal({
    operation: "schemaVersion",
    cql: "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?",
    values: [keyspace, "schema_versions"],
  });
  if (tables.length === 0) return 0;
  const rows = await session.read({
    operation: "schemaVersion",
    cql: `SELECT version FROM ${keyspace}.schema_versions WHERE component = 'store' ORDER BY version DESC LIMIT 1`,
    values: [],
  });
  return (rows[0]?.["version"] as number | undefined) ?? 0;
}

export async function writeSchemaVersion(
  session: Session,
  row: { version: number; description: string },
): Promise<void> {
  // The version is its own timestamp: it is written once, with one text.
  await session.write({
    operation: "migrate",
    cql: `INSERT INTO ${session.keyspace}.schema_versions (component, version, description) VALUES ('store', ?, ?) USING TIMESTAMP ?`,
    values: [row.version, row.description, BigInt(row.version)],
  });
}

/** Throws `SETTINGS_INVALID`: an older build does not know what a newer schema means. */
export function refuseNewer(keyspace: string, found: number, known: number): void {
  if (found <= known) return;
  throw new HoraeError(
    "SETTINGS_INVALID",
    `keyspace ${keyspace} has schema version ${found}, this build of Horae knows versions up to ` +
      `${known}: use a newer build`,
    { details: { keyspace, found, known } },
  );
}
