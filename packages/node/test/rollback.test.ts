import { Rollback } from "../src/rollback.ts";

describe("a rollback", () => {
  it("undoes in reverse order, once, whatever fails", async () => {
    const undone: string[] = [];
    const rollback = new Rollback();
    rollback.add(() => void undone.push("first"));
    rollback.add(() => {
      throw new Error("broken");
    });
    rollback.add(async () => void undone.push("last"));
    await expect(rollback.undoAll()).rejects.toMatchObject({ errors: [{ message: "broken" }] });
    expect(undone).toEqual(["last", "first"]);
    await rollback.undoAll();
    expect(undone).toHaveLength(2);
  });
});
