/** The only source of randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A new unique token of 22 or more URL-safe characters. */
  token(): string;
}
