import { suggestion } from "../nearest-name.ts";
import type { EnvironmentValue } from "./environment.ts";
import { pathsOf } from "./environment.ts";
import type { Section, Setting, ValueOf } from "./setting.ts";

export interface SettingProblem {
  /** Path of the setting, or name of the variable that gave it. */
  readonly path: string;
  /** One line for people. */
  readonly message: string;
}

interface Check {
  readonly environment: ReadonlyMap<string, EnvironmentValue>;
  readonly problems: SettingProblem[];
}

/**
 * Fills a table with what a configuration and the environment give; the environment wins. All
 * problems are collected, and the value is only of use when there are none.
 */
export function checkSettings<Table extends Section>(
  table: Table,
  given: unknown,
  environment: ReadonlyMap<string, EnvironmentValue>,
): { value: ValueOf<Table>; problems: readonly SettingProblem[] } {
  const check: Check = { environment, problems: [] };
  const value = checkSection(check, table, { given: given ?? {}, path: "" });
  return { value: value as ValueOf<Table>, problems: check.problems };
}

function checkSection(check: Check, node: Section, at: { given: unknown; path: string }): unknown {
  const { given, path } = at;
  const prefix = path === "" ? "" : `${path}.`;
  if (node.optional && given === undefined) {
    const inEnvironment = pathsOf(node, prefix).some((one) => check.environment.has(one));
    if (!inEnvironment) return null;
  }
  // `http:` with nothing below it is a section of defaults in YAML.
  const fields = given ?? {};
  if (typeof fields !== "object" || Array.isArray(fields)) {
    check.problems.push({ path, message: `${path || "configuration"}: expected a section` });
    return null;
  }
  const names = Object.keys(node.members);
  for (const name of Object.keys(fields)) {
    if (names.includes(name)) continue;
    const message = `${prefix}${name}: no such setting${suggestion(name, names)}`;
    check.problems.push({ path: prefix + name, message });
  }
  const values: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(node.members)) {
    const memberAt = {
      given: Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined,
      path: prefix + name,
    };
    values[name] =
      member.kind === "section"
        ? checkSection(check, member, memberAt)
        : checkSetting(check, member, memberAt);
  }
  return values;
}

function checkSetting(
  check: Check,
  node: Setting<unknown>,
  at: { given: unknown; path: string },
): unknown {
  const fromEnvironment = check.environment.get(at.path);
  const name = fromEnvironment?.variable ?? at.path;
  const given =
    fromEnvironment === undefined ? (at.given ?? undefined) : node.fromText(fromEnvironment.text);
  if (given === undefined) {
    if (!node.required) return node.default;
    check.problems.push({ path: name, message: `${name}: required, ${node.expected}` });
    return undefined;
  }
  const value = node.check(given);
  if (value === undefined) {
    const shown = node.secret ? "" : `, not ${shorten(given)}`;
    check.problems.push({ path: name, message: `${name}: expected ${node.expected}${shown}` });
  }
  return value;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
