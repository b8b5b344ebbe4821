// A part of the driver (4.10.0) that its own types leave out.
declare module "cassandra-driver/lib/prepare-handler.js" {
  export default class PrepareHandler {
    /** Resolves when the statement has been prepared, on all nodes that are up. */
    static getPrepared(
      ...of: [client: object, loadBalancing: object, query: string, keyspace: string | undefined]
    ): Promise<unknown>;
  }
}
