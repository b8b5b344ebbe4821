/** One server process (or container) of a group. It keeps its data, address and port over restarts. */
export interface ServerNode {
  readonly host: string;
  readonly port: number;
  /** Sends `SIGKILL` (default: a crash) or `SIGTERM` (an orderly end); resolves when it is gone. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again on its data, killed first if it runs; resolves when it takes requests. */
  restart(): Promise<void>;
  /** Stops it in its tracks, sockets open: a hung server, or a zombie later. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** What `startKafka` and `startCassandra` give: the nodes, and the same deeds done to all of them. */
export interface ServerGroup {
  readonly nodes: readonly ServerNode[];
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  restart(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends everything and deletes the data. */
  stop(): Promise<void>;
}

/** The group of `nodes`. The first one is up before the others start: it is the seed of a cluster. */
export function serverGroup(
  nodes: readonly ServerNode[],
  options: { isSeeded: boolean; cleanUp: () => Promise<void> },
): ServerGroup {
  const all = async (deed: (node: ServerNode) => Promise<void>): Promise<void> => {
    await Promise.all(nodes.map(deed));
  };
  return {
    nodes,
    kill: (signal) => all((node) => node.kill(signal)),
    restart: async () => {
      if (options.isSeeded) await nodes[0]?.restart();
      await Promise.all(nodes.slice(options.isSeeded ? 1 : 0).map((node) => node.restart()));
    },
    pause: () => all((node) => node.pause()),
    resume: () => all((node) => node.resume()),
    stop: async () => {
      await all((node) => node.kill("SIGKILL"));
      await options.cleanUp();
    },
  };
}
