import type { Random } from "@horae/core";

/** Draws for plans. */
export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): number {
    return this.#random.next();
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  isHead(share: number): boolean {
    return this.#random.next() < share;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  logUniform(least: number, most: number): number {
    return least * (most / least) ** this.#random.next();
  }

  /** Nothing half of the time, else anything from a thousandth of `most` to `most`. */
  rate(most: number): number {
    return this.isHead(0.5) ? 0 : this.logUniform(most / 1_000, most);
  }
}
