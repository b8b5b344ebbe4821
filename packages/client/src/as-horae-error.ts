import { HoraeError } from "@horae/core";

/**
 * What a port threw, as a HoraeError. Anything else is a bug of the adapter, and what it did before
 * is not known.
 */
export function asHoraeError(error: unknown): HoraeError {
  if (isHoraeError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HoraeError("INTERNAL", message, { certain: false, cause: error });
}

/** By its fields and not by its class: the package may be loaded twice. */
function isHoraeError(error: unknown): error is HoraeError {
  if (!(error instanceof Error)) return false;
  const { code, certain } = error as Partial<HoraeError>;
  return typeof code === "string" && typeof certain === "boolean";
}
