import { SharedServers } from "./shared-servers.ts";

declare global {
  var horaeSharedServers: SharedServers | undefined;
}

/** `globalSetup` of a jest project whose tests use `sharedKafka` or `sharedCassandra`. */
export default async function startSharedServers(): Promise<void> {
  globalThis.horaeSharedServers = await SharedServers.start();
}
