/** A bug of one line, planted in a copy of the sources: a simulator that does not find it has a hole. */
export interface Mutant {
  readonly name: string;
  /** The rule of the design that it breaks. */
  readonly breaks: string;
  /** Under `packages/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
