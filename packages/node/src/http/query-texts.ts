import { HoraeError } from "@horae/core";

/** Refuses what is unknown or given twice: a mistyped filter would take everything. */
export function queryTexts<Name extends string>(
  query: Readonly<Record<string, unknown>>,
  known: Readonly<Record<Name, true>>,
): Partial<Record<Name, string>> {
  for (const [name, value] of Object.entries(query)) {
    if (!Object.hasOwn(known, name)) throw requestInvalid(name, "no such parameter");
    if (typeof value !== "string") throw requestInvalid(name, "given more than once");
  }
  return query as Partial<Record<Name, string>>;
}

export function requestInvalid(name: string, message: string): HoraeError {
  const path = name.slice(0, 100);
  return new HoraeError("REQUEST_INVALID", `${path}: ${message}`, { details: { path } });
}
