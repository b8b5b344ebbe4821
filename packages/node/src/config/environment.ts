import { readFileSync } from "node:fs";
import { HoraeError } from "@horae/core";
import { suggestion } from "../nearest-name.ts";
import type { Section } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that the environment gives. */
export interface EnvironmentValue {
  readonly variable: string;
  readonly text: string;
}

export interface EnvironmentReading {
  /** By path, as in `queue.bucketMs`. */
  readonly values: ReadonlyMap<string, EnvironmentValue>;
  readonly warnings: readonly string[];
}

const PREFIX = "HORAE_";

/** Kubernetes sets these in every pod beside a service that is called `horae`; TEST is the testkit's. */
const FOREIGN = /^HORAE_(SERVICE|PORT|TEST)(_|$)/;

/** So it does beside `horae-http`: HORAE_HTTP_PORT=tcp://10.0.0.1:80. */
const FOREIGN_VALUE = /^(tcp|udp|sctp):\/\//;

/** `queue.bucketMs` is HORAE_QUEUE_BUCKET_MS. */
export function variableOf(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(".", "_");
  return PREFIX + words.toUpperCase();
}

/**
 * What the environment says about the settings of `table`: `HORAE_` and the path, or the same and
 * `_FILE` for a file that holds the value. Variables that mean nothing are warnings, because the
 * environment is shared. Throws `SETTINGS_INVALID` when a file cannot be read.
 */
export function readEnvironment(table: Section, environment: Environment): EnvironmentReading {
  const values = new Map<string, EnvironmentValue>();
  const warnings: string[] = [];
  const paths = new Map(pathsOf(table).map((path) => [variableOf(path), path]));
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined || FOREIGN.test(variable)) continue;
    if (FOREIGN_VALUE.test(text)) continue;
    const path = paths.get(variable);
    const filePath = variable.endsWith("_FILE") ? paths.get(variable.slice(0, -5)) : undefined;
    if (path !== undefined) values.set(path, { variable, text });
    else if (filePath === undefined) {
      warnings.push(`${variable} is no setting${suggestion(variable, [...paths.keys()])}`);
    } else if (environment[variable.slice(0, -5)] !== undefined) {
      throw invalid(variable, `give ${variable.slice(0, -5)} or ${variable}, not both`);
    } else values.set(filePath, { variable, text: readSecret(variable, text) });
  }
  return { values, warnings };
}

function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw invalid(variable, `${variable}: ${(error as Error).message}`);
  }
}

function invalid(path: string, message: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", message, { details: { path } });
}

/** Paths of all settings, in the order of the table. */
export function pathsOf(table: Section, prefix = ""): string[] {
  return Object.entries(table.members).flatMap(([name, member]) =>
    member.kind === "section" ? pathsOf(member, `${prefix}${name}.`) : [prefix + name],
  );
}
