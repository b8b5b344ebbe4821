import type { Section, SectionMembers, Setting } from "./setting.ts";

interface About {
  readonly description: string;
  readonly secret?: boolean;
  readonly fixed?: boolean;
  /** For a default that is null or depends on other settings. */
  readonly defaultText?: string;
}

type Kind<Value> = Pick<Setting<Value>, "expected" | "check" | "fromText">;

export function section<const Members extends SectionMembers>(
  description: string,
  members: Members,
): Section<Members, false> {
  return { kind: "section", optional: false, description, members };
}

export function optionalSection<const Members extends SectionMembers>(
  description: string,
  members: Members,
): Section<Members, true> {
  return { kind: "section", optional: true, description, members };
}

/** A setting with a default. */
export function setting<Value>(
  kind: Kind<Value>,
  value: Value,
  about: About,
): Setting<Value, false> {
  return make(kind, { required: false, default: value, about });
}

/** A setting that is null unless it is given; `defaultText` says what happens then. */
export function optional<Value>(
  kind: Kind<Value>,
  about: About & { defaultText: string },
): Setting<Value | null, false> {
  return make<Value | null, false>(kind, { required: false, default: null, about });
}

/** A setting that must be given when its section is. */
export function required<Value>(kind: Kind<Value>, about: About): Setting<Value, true> {
  return make(kind, { required: true, default: undefined, about });
}

function make<Value, Required extends boolean>(
  kind: Kind<Value>,
  rest: { required: Required; default: Value | undefined; about: About },
): Setting<Value, Required> {
  const { about } = rest;
  return {
    kind: "setting",
    ...kind,
    required: rest.required,
    default: rest.default,
    defaultText: about.defaultText ?? (rest.required ? "required" : `\`${textOf(rest.default)}\``),
    description: about.description,
    secret: about.secret ?? false,
    fixed: about.fixed ?? false,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function integer(min: number, max: number): Kind<number> {
  return {
    expected: `an integer from ${grouped(min)} to ${grouped(max)}`,
    check: (given) =>
      typeof given === "number" && Number.isInteger(given) && given >= min && given <= max
        ? given
        : undefined,
    fromText: (text) => (/^-?\d+$/.test(text) ? Number(text) : text),
  };
}

export const milliseconds = (min: number, max: number): Kind<number> => ({
  ...integer(min, max),
  expected: `milliseconds, an integer from ${grouped(min)} to ${grouped(max)}`,
});

export function text(pattern = /^[^\0]+$/, expected = "a text"): Kind<string> {
  return {
    expected,
    check: (given) => (typeof given === "string" && pattern.test(given) ? given : undefined),
    fromText: (given) => given,
  };
}

export function choice<const Name extends string>(...names: readonly Name[]): Kind<Name> {
  return {
    expected: `one of ${names.join(", ")}`,
    check: (given) => names.find((name) => name === given),
    fromText: (given) => given,
  };
}

export const flag: Kind<boolean> = {
  expected: "true or false",
  check: (given) => (typeof given === "boolean" ? given : undefined),
  fromText: (given) => (given === "true" ? true : given === "false" ? false : given),
};

/** In an environment variable: separated by commas. */
export const texts: Kind<readonly string[]> = {
  expected: "a list of one or more texts",
  check: (given) =>
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((one) => typeof one === "string" && one !== "")
      ? (given as string[])
      : undefined,
  fromText: (given) => given.split(",").map((one) => one.trim()),
};

/** In an environment variable: `name=1,other=2`. */
export const counts: Kind<Readonly<Record<string, number>>> = {
  expected: "a map of names to integers from 1",
  check: (given) => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
    const values: unknown[] = Object.values(given);
    const valid = values.every(
      (one) => typeof one === "number" && Number.isInteger(one) && one >= 1,
    );
    return valid && values.length > 0 ? (given as Record<string, number>) : undefined;
  },
  fromText: (given) => {
    const pairs = given.split(",").map((pair) => pair.split("="));
    return Object.fromEntries(pairs.map(([name = "", count]) => [name.trim(), Number(count)]));
  },
};

function grouped(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: value >= 10_000 });
}
