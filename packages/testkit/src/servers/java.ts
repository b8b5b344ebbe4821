import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const JVM_FOLDER = "/usr/lib/jvm";
/** Cassandra 5.0 runs on 11 and 17 only, Kafka 4 on 17 and later. */
const JAVA_MAJOR = "17";

let found: Promise<string | null> | undefined;

/** The `java` of a Java 17; null when there is none. */
export function findJava(): Promise<string | null> {
  found ??= searchJava();
  return found;
}

async function searchJava(): Promise<string | null> {
  const homes = (await readdir(JVM_FOLDER).catch(() => []))
    .filter((name) => name.includes(JAVA_MAJOR))
    .map((name) => join(JVM_FOLDER, name));
  const home = process.env["JAVA_HOME"];
  const candidates = [
    ...(home === undefined ? [] : [join(home, "bin", "java")]),
    "java",
    ...homes.map((folder) => join(folder, "bin", "java")),
  ];
  for (const java of candidates) {
    const { stderr } = await run(java, ["-version"]);
    if (stderr.includes(`version "${JAVA_MAJOR}`)) return java;
  }
  return null;
}

/**
 * The folder with the jars of `server` (`kafka-3.9.1`), fetched by Maven when it is not in the cache
 * outside the tree. Rejects with what the fetch script says.
 */
export async function findJars(server: string): Promise<string> {
  // The same from src and from dist: the script and its poms stay in src.
  const script = fileURLToPath(new URL("../../src/servers/jars/fetch", import.meta.url));
  const { code, stdout, stderr } = await run("bash", [script, server]);
  if (code !== 0) throw new Error(stderr.trim() || `${script} ended with code ${code}`);
  return stdout.trim();
}

/** Runs a program to its end; never rejects. */
export function run(
  program: string,
  parameters: readonly string[],
  timeoutMs = 0,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, parameters, { timeout: timeoutMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 127;
      resolve({ code, stdout, stderr });
    });
  });
}
