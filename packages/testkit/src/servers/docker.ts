import type * as testcontainers from "testcontainers";
import type { GenericContainer, StartedTestContainer } from "testcontainers";
import { Guard } from "./guard.ts";
import { run } from "./java.ts";
import type { ServerNode } from "./server-group.ts";
import { waitUntil } from "./wait-until.ts";

const ANSWER_MS = 5_000;
const PULL_MS = 60_000;
const START_MS = 120_000;

type Testcontainers = typeof testcontainers;

export interface DockerSource {
  readonly kind: "docker";
  readonly image: string;
  readonly testcontainers: Testcontainers;
}

/** Docker with the image at hand, or why not. */
export async function connectDocker(image: string): Promise<DockerSource | string> {
  const answer = await run("docker", ["version", "--format", "{{.Server.Version}}"], ANSWER_MS);
  if (answer.code !== 0) return "no Docker daemon answers";
  const found = await run("docker", ["image", "inspect", image], ANSWER_MS);
  if (found.code !== 0) {
    const pulled = await run("docker", ["pull", "--quiet", image], PULL_MS);
    if (pulled.code !== 0) return `Docker has no image ${image} and did not pull it within 60 s`;
  }
  // Its helper container is an image more to pull; containers are removed by guards of our own.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  try {
    return { kind: "docker", image, testcontainers: await import("testcontainers") };
  } catch {
    return "the package testcontainers is not installed";
  }
}

/** A server as a container whose port is published on the same port of the loopback address. */
export class ContainerServer implements ServerNode {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #container: StartedTestContainer;
  /** What its log says when it takes requests: the proxy of a published port accepts before that. */
  readonly #readyText: string;
  readonly #guard: Guard;

  private constructor(container: StartedTestContainer, port: number, readyText: string) {
    this.#container = container;
    this.port = port;
    this.#readyText = readyText;
    this.#guard = new Guard(["docker", "rm", "--force", "--volumes", container.getId()]);
  }

  static async start(
    container: GenericContainer,
    port: number,
    readyText: string,
  ): Promise<ContainerServer> {
    return new ContainerServer(await container.start(), port, readyText);
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    await this.resume();
    await this.#docker("kill", "--signal", signal);
    await this.#docker("wait");
  }

  async restart(): Promise<void> {
    await this.kill();
    const since = new Date().toISOString();
    await this.#docker("start");
    await waitUntil(
      async () => {
        const { stdout, stderr } = await this.#docker("logs", "--since", since);
        return `${stdout}${stderr}`.includes(this.#readyText);
      },
      START_MS,
      () => `the container took no requests on port ${this.port} within ${START_MS} ms`,
    );
  }

  async pause(): Promise<void> {
    await this.#docker("pause");
  }

  async resume(): Promise<void> {
    await this.#docker("unpause");
  }

  async remove(): Promise<void> {
    this.#guard.cancel();
    await this.#container.stop({ remove: true, removeVolumes: true, timeout: 0 });
  }

  #docker(...command: string[]): ReturnType<typeof run> {
    return run("docker", [...command, this.#container.getId()]);
  }
}
