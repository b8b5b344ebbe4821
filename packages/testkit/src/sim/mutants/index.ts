import { LOADING_MUTANTS } from "./loading.ts";
import type { Mutant } from "./mutant.ts";
import { OWNERSHIP_MUTANTS } from "./ownership.ts";
import { RETENTION_MUTANTS } from "./retention.ts";
import { SUMMARY_MUTANTS } from "./summaries.ts";

export const ALL_MUTANTS: readonly Mutant[] = [
  ...OWNERSHIP_MUTANTS,
  ...SUMMARY_MUTANTS,
  ...LOADING_MUTANTS,
  ...RETENTION_MUTANTS,
];
