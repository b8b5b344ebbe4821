import { parseArgs } from "node:util";

export const HELP = `npm run model -- [options]: the protocol state by state (design.md, sections 3 to 5)

  (none)         every small world to its end, with all rules: nothing may break
  --drops        without each rule in turn: something must break
  --world name   one world; --worlds lists them
  --without r    without these rules, with commas between them; --rules lists them
  --seconds s    at the most per world (300)
  --trace        with the shortest way to what breaks`;

export interface ModelArguments {
  readonly world: string | null;
  readonly without: readonly string[];
  readonly seconds: number;
  readonly wants: "worlds" | "rules" | "help" | "drops" | "exploration";
  readonly isTraced: boolean;
}

export function readArguments(words: readonly string[]): ModelArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      world: { type: "string" },
      without: { type: "string", default: "" },
      seconds: { type: "string", default: "300" },
      drops: { type: "boolean", default: false },
      worlds: { type: "boolean", default: false },
      rules: { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const wants = (["help", "worlds", "rules", "drops"] as const).find((word) => values[word]);
  return {
    world: values.world ?? null,
    without: values.without === "" ? [] : values.without.split(","),
    seconds: Number(values.seconds),
    wants: wants ?? "exploration",
    isTraced: values.trace,
  };
}
