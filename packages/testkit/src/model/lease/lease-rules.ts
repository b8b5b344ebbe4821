/** The rules of the lease row (design.md section 4) that the model can leave out one at a time. */
export const LEASE_RULES = {
  renewIfUnchanged: "a renewal is made IF epoch and renewal are what was seen",
  acquireIfUnchanged: "so is an acquire",
  unknownIsNoSuccess: "after a renewal without answer only what the row grants is used",
  acquireByRow: "after an acquire without answer only what the row grants is used",
  releaseAboveUsed: "a release never sets the end of the range below a timestamp that was used",
} as const satisfies Record<string, string>;

export type LeaseRule = keyof typeof LEASE_RULES;

export const ALL_LEASE_RULES = Object.keys(LEASE_RULES) as readonly LeaseRule[];

export function isLeaseRule(word: string): word is LeaseRule {
  return Object.hasOwn(LEASE_RULES, word);
}
