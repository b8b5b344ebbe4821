import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HoraeError } from "@horae/core";

/**
 * The default export of an ES module, which should be a table of handlers. The path is relative to
 * the working directory. Node loads a module once: another `version` loads it anew. Throws
 * `SETTINGS_INVALID`.
 */
export async function loadHandlers(file: string, version = 0): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    const url = pathToFileURL(resolve(file));
    if (version > 0) url.searchParams.set("version", String(version));
    module = (await import(url.href)) as typeof module;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoraeError("SETTINGS_INVALID", `cannot load the handlers of ${file}: ${reason}`, {
      details: { path: "handlers" },
      cause: error,
    });
  }
  if (module.default === undefined) {
    throw new HoraeError(
      "SETTINGS_INVALID",
      `${file} has no default export; it should map task type to handler`,
      { details: { path: "handlers" } },
    );
  }
  return module.default;
}
