/** Lets at most `max` requests be on their way; the others wait in line. */
export class RequestLimit {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  async run<T>(request: () => Promise<T>): Promise<T> {
    // One that waited takes over the place of one that ended: the count stays.
    if (this.#inFlight >= this.#max) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#inFlight++;
    try {
      return await request();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight--;
      else next();
    }
  }
}
