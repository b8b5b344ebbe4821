import type { Scene } from "./scene.ts";
import type { Owner, State } from "./state.ts";

/** What an owner may do now. */
export interface OwnerAction {
  readonly label: string;
  readonly run: (state: State, owner: Owner) => void;
}

/** Where an owner stands, to list what it may do. Nothing in here is changed. */
export interface Standing {
  readonly scene: Scene;
  readonly state: State;
  readonly owner: Owner;
  /** May it do more than end what runs? */
  readonly mayWrite: boolean;
}
