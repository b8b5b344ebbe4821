import { createServer } from "node:net";

const LOWEST = 10_000;
/** Below the range from which systems take ports for outgoing connections: a restart finds its port free. */
const HIGHEST = 31_000;
const TRIES_MAX = 100;

/** A port that is free on all of `hosts` just now. */
export async function freePort(hosts: readonly string[] = ["127.0.0.1"]): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const free = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`no free port found on ${hosts.join(", ")} in ${TRIES_MAX} tries`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
