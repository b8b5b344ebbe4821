/** What a cursor has next. `spent`: there may be more, but the budget does not allow to look. */
export type Step<Item> =
  { readonly kind: "item"; readonly item: Item } | { readonly kind: "end" | "spent" };

/** Items of one partition in order. */
export interface Cursor<Item> {
  next(): Promise<Step<Item>>;
}

/**
 * Items of all cursors in order, one at a time, with one item of each in memory. Ends with `end`, or
 * with `spent` as soon as one of the cursors is: what it has next might be the smallest.
 */
export async function* mergeCursors<Item>(
  cursors: readonly Cursor<Item>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item, "end" | "spent", undefined> {
  const steps = await Promise.all(cursors.map((cursor) => cursor.next()));
  for (;;) {
    let least = -1;
    for (const [index, step] of steps.entries()) {
      if (step.kind === "spent") return "spent";
      if (step.kind !== "item") continue;
      const best = steps[least];
      if (best?.kind !== "item" || compare(step.item, best.item) < 0) least = index;
    }
    const step = steps[least];
    if (step?.kind !== "item") return "end";
    yield step.item;
    steps[least] = await cursors[least]!.next();
  }
}
