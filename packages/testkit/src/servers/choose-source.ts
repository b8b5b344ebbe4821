import { connectDocker, type DockerSource } from "./docker.ts";
import { findJars, findJava } from "./java.ts";

export interface JarsSource {
  readonly kind: "jars";
  readonly java: string;
  /** Folder of the jars. */
  readonly jars: string;
}

export interface WantedServer {
  /** For people: `Kafka`. */
  readonly name: string;
  readonly version: string;
  readonly image: string;
  /** False for clusters of several nodes, which need addresses and ports that match inside and outside. */
  readonly isDockerEnough: boolean;
}

/**
 * Where a server comes from: a container when a Docker daemon answers and has the image, or pulls
 * it within a minute; else jars on this machine's Java. `HORAE_TEST_SERVERS=docker|jars` overrides.
 * Says what it chose before anything starts.
 */
export async function chooseSource(wanted: WantedServer): Promise<DockerSource | JarsSource> {
  const { name, version, image } = wanted;
  const override = process.env["HORAE_TEST_SERVERS"];
  if (override !== undefined && override !== "docker" && override !== "jars") {
    throw new Error(`HORAE_TEST_SERVERS is ${override}, expected docker or jars`);
  }
  let reason = "HORAE_TEST_SERVERS says so";
  if (override !== "jars") {
    const docker = wanted.isDockerEnough
      ? await connectDocker(image)
      : "the launcher runs only single nodes in Docker";
    if (typeof docker !== "string") {
      say(`${name} ${version} in Docker (${image})`);
      return docker;
    }
    if (override === "docker") throw new Error(`${name} ${version} in Docker: ${docker}`);
    reason = docker;
  }
  const java = await findJava();
  const jars =
    java === null ? "" : await findJars(`${name.toLowerCase()}-${version}`).catch(String);
  if (java === null || !jars.startsWith("/")) {
    throw new Error(
      `The tests need ${name} ${version}: start a Docker daemon that has or can pull ${image}, or run ` +
        `scripts/install-test-servers, which installs Java 17 and Maven (${reason}; ` +
        `${java === null ? "no Java 17 found" : jars}).`,
    );
  }
  say(`${name} ${version} from jars (${reason})`);
  return { kind: "jars", java, jars };
}

function say(choice: string): void {
  process.stderr.write(`test servers: ${choice}\n`);
}
