import { readFileSync } from "node:fs";
import { HoraeError } from "@horae/core";
import { parseDocument } from "yaml";
import { checkSettings } from "./check-settings.ts";
import type { Environment } from "./environment.ts";
import { readEnvironment } from "./environment.ts";
import type { NodeConfig, NodeConfigInput } from "./settings-table.ts";
import { SETTINGS } from "./settings-table.ts";

/**
 * Reads a node's configuration: an object or the path of a YAML file, and over it the environment.
 * Throws `SETTINGS_INVALID` with one line per problem (`details.problems`). Warnings are about
 * variables that mean nothing.
 */
export function readConfig(
  given: NodeConfigInput | string,
  environment: Environment,
): { config: NodeConfig; warnings: readonly string[] } {
  const tree: unknown = typeof given === "string" ? readYaml(given) : given;
  const { values, warnings } = readEnvironment(SETTINGS, environment);
  const { value: config, problems } = checkSettings(SETTINGS, tree, values);
  const where = typeof given === "string" ? given : "the configuration";
  if (problems.length > 0) throw invalid(where, problems);
  const contradiction = contradictionIn(config);
  if (contradiction !== null) throw invalid(where, [contradiction]);
  return { config, warnings };
}

/** What no single setting tells. */
function contradictionIn(config: NodeConfig): { path: string; message: string } | null {
  const { embedded, kafka, cassandra } = config;
  if (embedded !== null && (kafka !== null || cassandra !== null)) {
    return { path: "embedded", message: "embedded: give this, or kafka and cassandra, not both" };
  }
  if (embedded === null && (kafka === null || cassandra === null)) {
    const message = "say where tasks are kept: embedded.dir, or both kafka and cassandra";
    return { path: "embedded", message };
  }
  const { http } = config;
  if (http !== null && http.token === null && !LOOPBACK.test(http.host)) {
    const message = `http.host: whoever reaches ${http.host} could schedule tasks: give http.token too`;
    return { path: "http.token", message };
  }
  return null;
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `cannot read the configuration: ${(error as Error).message}`;
    throw invalid(file, [{ path: "", message }]);
  }
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const first = document.errors[0];
  if (first !== undefined) {
    throw invalid(file, [{ path: "", message: first.message.split("\n")[0] ?? "not YAML" }]);
  }
  return document.toJS();
}

function invalid(
  where: string,
  problems: readonly { path: string; message: string }[],
): HoraeError {
  const lines = problems.map(({ message }) => message);
  const text = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join("");
  return new HoraeError("SETTINGS_INVALID", `${where}:${text}`, { details: { problems } });
}
