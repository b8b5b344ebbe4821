import { type ConnectionOptions } from "node:tls";
import { Client, errors, policies, type QueryOptions, types } from "cassandra-driver";
import PrepareHandler from "cassandra-driver/lib/prepare-handler.js";
import type { ResolvedCassandraSettings } from "./settings.ts";

/** The only file that imports the driver; the rest of the package sees what is exported here. */
export type DriverClient = Client;
export type DriverRow = types.Row;
export type DriverQueryOptions = QueryOptions;
export type DriverRetryPolicy = policies.retry.RetryPolicy;

export const driverErrors = errors;
export const responseCodes = types.responseErrorCodes;
export const consistencies = types.consistencies;

const RECONNECT_FIRST_MS = 100;
const HEARTBEAT_MS = 5_000;
/** Answers that a connection may fail to give in time before it is taken for dead. */
const TIMEOUTS_PER_CONNECTION_MAX = 16;
const SCHEMA_AGREEMENT_S = 30;

/** What the driver has and does not declare: closing it whole, and preparing, need these. */
interface HostInside {
  shutdown(waitForPending: boolean): Promise<void>;
}

interface ClientInside {
  readonly options: { readonly policies: { readonly loadBalancing: object } };
  readonly controlConnection?: {
    readonly connection?: { close(): void } | null;
    shutdown(): void;
  };
}

/**
 * A client that is connected, and what the driver (4.10.0) leaves behind. When all nodes were away
 * it makes new objects for them and forgets the old ones, which would reconnect too, once more
 * after each outage, and outlive its shutdown; and a connect that fails late keeps its connection.
 */
export class DriverConnection {
  readonly client: DriverClient;

  private constructor(client: DriverClient) {
    this.client = client;
    client.on("hostRemove", (host: HostInside) => {
      host.shutdown(false).catch(() => undefined);
    });
  }

  static async open(settings: ResolvedCassandraSettings): Promise<DriverConnection> {
    const client = newClient(settings);
    try {
      await client.connect();
      return new DriverConnection(client);
    } catch (error) {
      const { controlConnection } = client as unknown as ClientInside;
      controlConnection?.shutdown();
      controlConnection?.connection?.close();
      throw error;
    }
  }

  /**
   * Prepares a statement on all nodes, as its first use would; the driver has it for itself only.
   * Used later it costs one round trip, not two.
   */
  async prepare(cql: string): Promise<void> {
    const { policies } = (this.client as unknown as ClientInside).options;
    await PrepareHandler.getPrepared(
      this.client,
      policies.loadBalancing,
      cql,
      this.client.keyspace,
    );
  }

  close(): Promise<void> {
    return this.client.shutdown();
  }
}

/** A client with everything said that its defaults would decide otherwise, or by version. */
function newClient(settings: ResolvedCassandraSettings): DriverClient {
  const { contactPoints, localDataCenter, port, credentials, tls } = settings;
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter,
    ...(credentials === null ? {} : { credentials }),
    ...(tls === null ? {} : { sslOptions: tlsOptions(tls) }),
    protocolOptions: { port, maxSchemaAgreementWaitSeconds: SCHEMA_AGREEMENT_S },
    applicationName: "horae",
    policies: {
      retry: new policies.retry.FallthroughRetryPolicy(),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        Math.min(RECONNECT_FIRST_MS, settings.reconnectMaxMs),
        settings.reconnectMaxMs,
        false,
      ),
      speculativeExecution: new policies.speculativeExecution.NoSpeculativeExecutionPolicy(),
    },
    // Statements carry their timestamps; what carries none (leases) takes the servers'.
    queryOptions: { consistency: consistencies.quorum, prepare: true, fetchSize: 0 },
    pooling: {
      coreConnectionsPerHost: {
        // Two, so that a large answer does not hold up a lease.
        [types.distance.local]: 2,
        [types.distance.remote]: 1,
        [types.distance.ignored]: 0,
      },
      heartBeatInterval: HEARTBEAT_MS,
    },
    socketOptions: {
      connectTimeout: settings.connectTimeoutMs,
      readTimeout: settings.requestTimeoutMs,
      defunctReadTimeoutThreshold: TIMEOUTS_PER_CONNECTION_MAX,
      tcpNoDelay: true,
      keepAlive: true,
    },
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    // The driver would else send statistics of the client to the servers.
    monitorReporting: { enabled: false },
  });
}

function tlsOptions(tls: NonNullable<ResolvedCassandraSettings["tls"]>): ConnectionOptions {
  const { ca, cert, key, serverName } = tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: tls.isServerVerified ?? true,
  };
}

/**
 * For writes, conditional or not. An error then is that of the only attempt, so that it can say
 * for certain that nothing was written. (What a socket never took is still offered to another.)
 */
export const noRetry: DriverRetryPolicy = new policies.retry.FallthroughRetryPolicy();

/** For reads: another coordinator is asked once. */
class NextHostOnce extends policies.retry.RetryPolicy {
  override onRequestError(
    info: policies.retry.OperationInfo,
    consistency: types.consistencies,
  ): policies.retry.DecisionInfo {
    return info.nbRetry === 0 ? this.retryResult(consistency, false) : this.rethrowResult();
  }
}

export const nextHostOnce: DriverRetryPolicy = new NextHostOnce();

/** A bound value for `(a, b, c)`. */
export function tupleOf(...elements: unknown[]): unknown {
  return types.Tuple.fromArray(elements);
}
