import type { Random } from "@horae/core";

/** Which of the harms comes to a request, by their shares of all requests; null: none. */
export function drawHarm<Name extends string>(
  random: Random,
  names: readonly Name[],
  shares: Readonly<Record<Name, number>>,
): Name | null {
  let draw = random.next();
  for (const name of names) {
    if (draw < shares[name]) return name;
    draw -= shares[name];
  }
  return null;
}
