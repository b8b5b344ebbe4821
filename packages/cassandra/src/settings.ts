import { HoraeError } from "@horae/core";

export interface CassandraTls {
  /** Certificate of the authority, PEM; without it the public authorities count. */
  readonly ca?: string;
  /** This node's own certificate and private key, PEM, where the servers ask for them. */
  readonly cert?: string;
  readonly key?: string;
  /** False accepts any certificate: encryption without knowing to whom. Default true. */
  readonly isServerVerified?: boolean;
  /** The name that the servers' certificates must carry; default: the address. */
  readonly serverName?: string;
}

export interface CassandraSettings {
  /** `host` or `host:port` (default 9042); a few of the local data centre. All nodes use one port. */
  readonly contactPoints: readonly string[];
  /** The data centre whose nodes are asked; they reach the others for a quorum. */
  readonly localDataCenter: string;
  /** Default `horae`. */
  readonly keyspace?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: CassandraTls;
  /** Longest wait for the answer to a read or write of task rows. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /**
   * Longest wait for the answer to a lease's transaction. Default 1,000: it is a third of a lease
   * period, so that a node that does not answer leaves time to ask another one.
   */
  readonly leaseTimeoutMs?: number;
  /** Default 2,000. */
  readonly connectTimeoutMs?: number;
  /** Longest pause between attempts to reach a node that was lost. Default 1,000. */
  readonly reconnectMaxMs?: number;
  /** Requests for task rows on their way at the same time. Default 128. */
  readonly requestsInFlightMax?: number;
}

export interface ResolvedCassandraSettings extends Required<
  Omit<CassandraSettings, "credentials" | "tls">
> {
  /** The one native port of the cluster. */
  readonly port: number;
  readonly credentials: NonNullable<CassandraSettings["credentials"]> | null;
  readonly tls: CassandraTls | null;
}

const DEFAULT_PORT = 9_042;
/** What Cassandra takes for the name of a keyspace without quotes. */
const KEYSPACE_PATTERN = /^[a-z][a-z0-9_]{0,47}$/;

/** Fills in the defaults. Throws `SETTINGS_INVALID` for what cannot work. */
export function resolveCassandraSettings(settings: CassandraSettings): ResolvedCassandraSettings {
  const { contactPoints, keyspace = "horae", localDataCenter } = settings;
  if (contactPoints.length === 0) throw invalid("contactPoints", contactPoints, "one or more");
  if (localDataCenter === "") throw invalid("localDataCenter", localDataCenter, "a name");
  if (!KEYSPACE_PATTERN.test(keyspace)) {
    throw invalid("keyspace", keyspace, "a-z, 0-9 and _, at most 48, a letter first");
  }
  const ports = new Set(contactPoints.map(portOf));
  if (ports.size > 1) throw invalid("contactPoints", contactPoints, "one port at all nodes");
  const numbers = {
    requestTimeoutMs: settings.requestTimeoutMs ?? 5_000,
    leaseTimeoutMs: settings.leaseTimeoutMs ?? 1_000,
    connectTimeoutMs: settings.connectTimeoutMs ?? 2_000,
    reconnectMaxMs: settings.reconnectMaxMs ?? 1_000,
    requestsInFlightMax: settings.requestsInFlightMax ?? 128,
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(name, value, "a whole number >= 1");
  }
  return {
    contactPoints,
    localDataCenter,
    keyspace,
    port: [...ports][0]!,
    credentials: settings.credentials ?? null,
    tls: settings.tls ?? null,
    ...numbers,
  };
}

function portOf(contactPoint: string): number {
  // An IPv6 address has its port behind a bracket, or none.
  const port = /^(?:\[.*\]|[^:]*):(\d+)$/.exec(contactPoint)?.[1];
  return port === undefined ? DEFAULT_PORT : Number(port);
}

export function invalid(name: string, value: unknown, expected: string): HoraeError {
  const message = `cassandra.${name} is ${JSON.stringify(value)}, expected ${expected}`;
  return new HoraeError("SETTINGS_INVALID", message, { details: { name, value, expected } });
}
