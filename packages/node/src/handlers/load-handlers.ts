import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HoraeError } from "@horae/core";

/**
 * The default export of an ES module, which should be a table of handlers. The path is relative to
 * the working directory. Throws `SETTINGS_INVALID`.
 */
export async function loadHandlers(file: string): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as typeof module;
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
