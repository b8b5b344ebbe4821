import { printable } from "./printable.ts";

/** A column narrower than this says nothing. */
const COLUMN_WIDTH_MIN = 8;
const GAP = "  ";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Never cut: what a reader copies. */
  readonly isWhole?: boolean;
}

/**
 * Rows as a table for people. Where it would be wider than `widthMax` the widest columns that may be
 * cut are; null: nothing is cut. Control characters are escaped.
 */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  widthMax: number | null,
): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => printable(text(row)))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => charactersOf(cells[index]!).length)),
  );
  if (widthMax !== null) narrow(widths, columns, widthMax);
  return lines.map((cells) => lineOf(cells, widths)).join("");
}

/** Takes from the widest until it fits, or until nothing more can be taken. */
function narrow<Row>(widths: number[], columns: readonly Column<Row>[], widthMax: number): void {
  const total = (): number =>
    widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > widthMax) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      if (columns[index]!.isWhole === true || width <= COLUMN_WIDTH_MIN) continue;
      if (widest === -1 || width > widths[widest]!) widest = index;
    }
    if (widest === -1) return;
    widths[widest]!--;
  }
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  const fitted = cells.map((cell, index) => {
    const characters = charactersOf(cell);
    const width = widths[index]!;
    if (characters.length > width) return `${characters.slice(0, width - 1).join("")}…`;
    return cell + " ".repeat(width - characters.length);
  });
  return `${fitted.join(GAP).trimEnd()}\n`;
}

/** Code points: near enough to what a terminal shows. */
function charactersOf(text: string): string[] {
  return Array.from(text);
}
