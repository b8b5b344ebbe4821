import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { systemClock } from "@horae/client";

/**
 * What becomes of the bytes. `pass`: they are forwarded. `silent`: they wait, both ways, and so do new
 * connections, as behind a cable that was pulled. `cut`: connections are reset, new ones too.
 * `answers-lost`: what clients send arrives, what servers answer does not; when that ends, the
 * connections that have lost something are reset.
 */
export type ProxyMode = "pass" | "silent" | "cut" | "answers-lost";

/** One connection through the proxy. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Answers of it were dropped: what would follow makes no sense to its client. */
  hasLost: boolean;
}

/** A TCP proxy that does harm: it delays, holds back, drops and cuts. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #mode: ProxyMode = "pass";
  /** Bytes of answers that were dropped. */
  droppedBytes = 0;
  /** How long bytes take, each way, milliseconds. */
  delayMs = 0;

  /** Listens on a free port of the loopback address. */
  static async start(target: { host: string; port: number }): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TcpProxy(server, target);
  }

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#accept(client, target));
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  set mode(mode: ProxyMode) {
    const before = this.#mode;
    this.#mode = mode;
    for (const link of this.#links) {
      if (mode === "cut" || (before === "answers-lost" && link.hasLost)) end(link);
      else for (const socket of [link.client, link.server]) setFlowing(socket, mode !== "silent");
    }
  }

  async close(): Promise<void> {
    for (const link of this.#links) end(link);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket, target: { host: string; port: number }): void {
    if (this.#mode === "cut") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(target);
    const link: Link = { client, server, hasLost: false };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => end(link));
      socket.on("close", () => {
        this.#links.delete(link);
        end(link);
      });
      setFlowing(socket, this.#mode !== "silent");
    }
    client.on("data", (bytes) => this.#forward(link, server, bytes));
    server.on("data", (bytes) => {
      if (this.#mode !== "answers-lost") return this.#forward(link, client, bytes);
      link.hasLost = true;
      this.droppedBytes += bytes.length;
    });
  }

  /** Timers of one length fire in the order in which they were set. */
  #forward(link: Link, to: Socket, bytes: Buffer): void {
    const write = (): void => {
      if (this.#links.has(link)) to.write(bytes);
    };
    if (this.delayMs === 0) write();
    else systemClock.setTimer(this.delayMs, write);
  }
}

function setFlowing(socket: Socket, isFlowing: boolean): void {
  if (isFlowing) socket.resume();
  else socket.pause();
}

function end({ client, server }: Link): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
