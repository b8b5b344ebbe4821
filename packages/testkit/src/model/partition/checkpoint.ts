import type { OwnerAction, Standing } from "./owner-action.ts";
import { isBefore } from "./scene.ts";
import type { JournalPosition } from "./state.ts";

/** Acknowledged facts, one snapshot, one at a time. */
export function checkpointActions(standing: Standing): OwnerAction[] {
  const { state, owner, mayWrite } = standing;
  const { applied } = owner;
  const journal = journalPosition(standing);
  const { lease } = state;
  const hasMoved = lease.applied !== applied || isBefore(lease.journal, journal);
  if (!mayWrite || owner.isCheckpointing || !hasMoved) return [];
  const highestStarted = Math.max(owner.highestFound, owner.highestClaimed);
  return [
    {
      label: `checkpoints: applied ${applied}, journal ${journal.join("/")}, started k${highestStarted}`,
      run: (to, self) => {
        self.isCheckpointing = true;
        const { epoch } = self;
        to.flying.push({ kind: "checkpoint", epoch, applied, journal, highestStarted });
      },
    },
  ];
}

/** Claims before it do not count any more. */
function journalPosition({ scene, owner }: Standing): JournalPosition {
  const { journalBelowInherited, journalBelowOpen } = scene.rules;
  const isInherited = owner.inherited.some((attempt) => attempt !== null);
  if (journalBelowInherited && isInherited) return owner.journalFound;
  const open = journalBelowOpen ? owner.open.map(({ sequence }) => sequence) : [];
  return [owner.epoch, Math.min(owner.nextSequence, ...open)];
}
