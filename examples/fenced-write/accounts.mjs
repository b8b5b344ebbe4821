/**
 * A table `accounts (id, balance, fence)`. Its one way to write is, in SQL:
 *
 *   UPDATE accounts SET balance = $balance, fence = $fence WHERE id = $id AND fence < $fence
 *
 * so that of two writers the one that was started last wins, whichever arrives last.
 */
export class Accounts {
  #rows = new Map();

  insert(id, balance) {
    this.#rows.set(id, { balance, fence: 0 });
  }

  select(id) {
    return { ...this.#rows.get(id) };
  }

  /** How many rows were updated: 0 when a later writer has been there. */
  update(id, { balance, fence }) {
    const row = this.#rows.get(id);
    if (row === undefined || row.fence >= fence) return 0;
    this.#rows.set(id, { balance, fence });
    return 1;
  }
}
