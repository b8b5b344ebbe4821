import { DROPS } from "../drops.ts";
import { elapsedMs } from "../../sim/cli/stopwatch.ts";
import type { Exploration } from "../explore.ts";
import { ALL_RULE_TEXTS, exploreWorld, LARGE, SMALL } from "../systems.ts";
import { HELP, type ModelArguments, readArguments } from "./arguments.ts";

/** More states than this do not fit into memory. */
const STATES_MAX = 6_000_000;

const given = readArguments(process.argv.slice(2));
switch (given.wants) {
  case "help":
    console.log(HELP);
    break;
  case "worlds":
    console.log([...SMALL, ...LARGE].join("\n"));
    break;
  case "rules":
    for (const [rule, text] of Object.entries(ALL_RULE_TEXTS)) console.log(`${rule}: ${text}`);
    break;
  case "drops":
    process.exitCode = tryDrops(given) ? 0 : 1;
    break;
  case "exploration":
    process.exitCode = tryWorlds(given) ? 0 : 1;
    break;
}

/** With all rules nothing breaks, and the end is reached. */
function tryWorlds({ world, without, seconds, isTraced }: ModelArguments): boolean {
  const names = world === null ? SMALL : [world];
  const good = names.map((name) => {
    const found = run(name, without, seconds);
    if (isTraced) for (const line of found.trace) console.log(`    ${line}`);
    return found.broken === null && (found.isExhaustive || LARGE.includes(name));
  });
  return good.every(Boolean);
}

/** Without a rule the promise breaks that it is there for. */
function tryDrops({ seconds, isTraced }: ModelArguments): boolean {
  const good = DROPS.map(({ rules, world }) => {
    const { broken, trace } = run(world, rules, seconds);
    if (isTraced) for (const line of trace) console.log(`    ${line}`);
    return broken !== null;
  });
  console.log(`${good.filter(Boolean).length} of ${DROPS.length} broke something`);
  return good.every(Boolean);
}

function run(name: string, dropped: readonly string[], seconds: number): Exploration {
  const startedMs = elapsedMs();
  const takenMs = (): number => elapsedMs() - startedMs;
  const isTimeOver = (): boolean => takenMs() > seconds * 1_000;
  const found = exploreWorld(name, dropped, { statesMax: STATES_MAX, isTimeOver });
  const end = found.broken ?? (found.isExhaustive ? "holds" : "cut, nothing found");
  const without = dropped.length === 0 ? "" : ` without ${dropped.join(" and ")}`;
  const size = `${found.states} states, depth ${found.depth}, ${Math.round(takenMs() / 1_000)} s`;
  console.log(`${name}${without}: ${end} (${size})`);
  return found;
}
