/** Tasks that a board can name; of more only the number is known. */
const SLOTS = 64;
/** Bytes of a task's name that are kept. */
const NAME_BYTES = 256;

const BEATS = 0;
const RUNNING = 1;
const HEADER_WORDS = 2;
const LENGTHS_AT = HEADER_WORDS * Int32Array.BYTES_PER_ELEMENT;
const NAMES_AT = LENGTHS_AT + SLOTS * Int32Array.BYTES_PER_ELEMENT;

const encoder = new TextEncoder();

/**
 * What a process shows of itself to a thread that watches it: a count of signs of life, and the names
 * of the tasks that run. In shared memory, because a blocked event loop sends no messages.
 */
export class LifeBoard {
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #lengths: Int32Array;
  readonly #names: Uint8Array;
  readonly #free: number[];

  constructor(memory = new SharedArrayBuffer(NAMES_AT + SLOTS * NAME_BYTES)) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, HEADER_WORDS);
    this.#lengths = new Int32Array(memory, LENGTHS_AT, SLOTS);
    this.#names = new Uint8Array(memory, NAMES_AT);
    this.#free = Array.from({ length: SLOTS }, (_, slot) => slot);
  }

  beat(): void {
    Atomics.add(this.#header, BEATS, 1);
  }

  get beats(): number {
    return Atomics.load(this.#header, BEATS);
  }

  /** Tasks that run, named or not. */
  get running(): number {
    return Atomics.load(this.#header, RUNNING);
  }

  /** Shows a task; call the result when it has ended. */
  show(name: string): () => void {
    Atomics.add(this.#header, RUNNING, 1);
    const slot = this.#free.pop();
    if (slot !== undefined) {
      const at = slot * NAME_BYTES;
      const { written } = encoder.encodeInto(name, this.#names.subarray(at, at + NAME_BYTES));
      Atomics.store(this.#lengths, slot, written);
    }
    return () => {
      Atomics.sub(this.#header, RUNNING, 1);
      if (slot === undefined) return;
      Atomics.store(this.#lengths, slot, 0);
      this.#free.push(slot);
    };
  }

  names(): string[] {
    const decoder = new TextDecoder();
    return [...this.#lengths.keys()]
      .map((slot) => {
        const at = slot * NAME_BYTES;
        return decoder.decode(this.#names.slice(at, at + Atomics.load(this.#lengths, slot)));
      })
      .filter((name) => name !== "");
  }
}
