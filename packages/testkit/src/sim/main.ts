import { makePlan } from "./make-plan.ts";
import { runPlan } from "./run-plan.ts";
import { forbidRealTime } from "./forbidden.ts";

const [from = "1", count = "20", trace] = process.argv.slice(2);
const began = process.hrtime.bigint();
const allow = forbidRealTime();
let events = 0;
const reach = new Map<string, number>();
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const plan = makePlan(seed, { nodes: 3 });
  const r = await runPlan(
    plan,
    trace ? { onNote: (n) => console.log(n.atMs.toFixed(2), n.lane, n.text) } : {},
  );
  events += r.events;
  for (const [k, v] of r.reach) reach.set(k, (reach.get(k) ?? 0) + v);
  if (r.violations.length > 0) console.log(seed, plan.mode, r.violations.slice(0, 3).map((v) => `${v.invariant} ${v.message}`).join("\n   ").slice(0, 600));
}
allow();
const s = Number(process.hrtime.bigint() - began) / 1e9;
console.log({ s, perMin: (Number(count) / s) * 60, events, perS: events / s });
if (!trace) console.log([...reach].sort((a, b) => b[1] - a[1]).map(([k, v]) => `${v} ${k}`).join("\n"));
