import type { Random } from "./ports/random.ts";

const TOKEN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TOKEN_LENGTH = 22;

const WARM_UP_ROUNDS = 12;

/**
 * Random numbers that repeat: the same seed gives the same sequence everywhere. For tests and
 * simulation; its tokens are unique within one sequence only. The generator and its seeding are
 * sfc32 of Chris Doty-Humphrey's PractRand: 128 bits of state, a period of at least 2^32.
 */
export class SeededRandom implements Random {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` is any safe integer. */
  constructor(seed: number) {
    this.#b = seed | 0;
    this.#c = Math.floor(seed / 2 ** 32) | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#nextInt32();
  }

  next(): number {
    return (this.#nextInt32() >>> 0) / 2 ** 32;
  }

  token(): string {
    let token = "";
    while (token.length < TOKEN_LENGTH) token += TOKEN_ALPHABET[this.#nextInt32() >>> 26];
    return token;
  }

  #nextInt32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }
}
