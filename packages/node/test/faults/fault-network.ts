import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { TcpProxy } from "./tcp-proxy.ts";

const run = promisify(execFile);

/** Of the table `nat`; emptied at the begin, so that a run that was killed leaves nothing behind. */
const CHAIN = "HORAE_FAULTS";

/**
 * Leads the connections of single users to servers through proxies, without their knowledge: drivers
 * find servers by what the servers say of themselves, not by what a configuration says. Needs root and
 * iptables.
 */
export class FaultNetwork {
  readonly #proxies: TcpProxy[] = [];

  static async open(): Promise<FaultNetwork> {
    await iptables("-N", CHAIN).catch(() => undefined);
    await iptables("-F", CHAIN);
    const isThere = await iptables("-C", "OUTPUT", "-j", CHAIN).then(
      () => true,
      () => false,
    );
    if (!isThere) await iptables("-A", "OUTPUT", "-j", CHAIN);
    return new FaultNetwork();
  }

  /** `server`: `host:port`. Connections that are open already stay as they are. */
  async between(uid: number, server: string): Promise<TcpProxy> {
    const { hostname: host, port } = new URL(`tcp://${server}`);
    const proxy = await TcpProxy.start({ host, port: Number(port) });
    this.#proxies.push(proxy);
    await iptables(
      ...["-A", CHAIN, "-p", "tcp", "-d", host, "--dport", port],
      ...["-m", "owner", "--uid-owner", String(uid)],
      ...["-j", "REDIRECT", "--to-ports", String(proxy.port)],
    );
    return proxy;
  }

  async close(): Promise<void> {
    await iptables("-F", CHAIN);
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}

async function iptables(...words: string[]): Promise<void> {
  await run("iptables", ["-w", "-t", "nat", ...words]);
}
