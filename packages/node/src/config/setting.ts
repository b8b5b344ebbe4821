/** One value of the configuration: what may stand there, and what is taken when nothing does. */
export interface Setting<Value, Required extends boolean = boolean> {
  readonly kind: "setting";
  readonly required: Required;
  readonly default: Value | undefined;
  /** How the documentation shows the default. */
  readonly defaultText: string;
  /** A noun phrase: "an integer from 1 to 10". */
  readonly expected: string;
  readonly description: string;
  /** True when the value must not be shown. */
  readonly secret: boolean;
  /** True when the value cannot change after the queue was created. */
  readonly fixed: boolean;
  /** The value, or undefined when it is not what is expected. */
  readonly check: (given: unknown) => Value | undefined;
  /** Makes of the text of an environment variable what `check` takes. */
  readonly fromText: (text: string) => unknown;
}

/** A group of settings. An optional one is null when nothing of it is given. */
export interface Section<
  Members extends SectionMembers = SectionMembers,
  Optional extends boolean = boolean,
> {
  readonly kind: "section";
  readonly optional: Optional;
  readonly description: string;
  readonly members: Members;
}

export interface SectionMembers {
  readonly [name: string]: Setting<unknown> | Section;
}

/** What a table of settings gives: every member is there. */
export type ValueOf<Node> =
  Node extends Setting<infer Value>
    ? Value
    : Node extends Section<infer Members, infer Optional>
      ? | { readonly [Name in keyof Members]: ValueOf<Members[Name]> }
        | (Optional extends true ? null : never)
      : never;

/** What a table of settings takes: what is not required may be left out. */
export type InputOf<Node> =
  Node extends Setting<infer Value>
    ? Exclude<Value, null>
    : Node extends Section<infer Members>
      ? {
          readonly [
            Name in keyof Members as Members[Name] extends Setting<unknown, true> ? Name : never
          ]: InputOf<Members[Name]>;
        } & {
          readonly [
            Name in keyof Members as Members[Name] extends Setting<unknown, true> ? never : Name
          ]?: InputOf<Members[Name]> | undefined;
        }
      : never;
