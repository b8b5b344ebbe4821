/** Index of the first item that is not below; the items that are come first. The length if all are. */
export function firstIndex<T>(sorted: readonly T[], isBelow: (item: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
