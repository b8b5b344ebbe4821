import { PageSize } from "../src/page-size.ts";

describe("PageSize", () => {
  it("is cautious before it has seen a row", () => {
    expect(new PageSize().rows(500)).toBe(128);
  });

  it("asks for what is wanted once rows are known to be small", () => {
    const page = new PageSize();
    for (let i = 0; i < 10; i++) page.seen(100, 40_000);
    expect(page.rows(500)).toBe(500);
    expect(page.rows(20)).toBe(20);
    expect(page.rows(100_000)).toBe(500);
  });

  it("asks for few large rows, for fewer after failures, and for one at the least", () => {
    const page = new PageSize();
    page.seen(8, 8 * 256 * 1024);
    expect(page.rows(500)).toBe(8);
    for (let i = 0; i < 10; i++) page.failed();
    expect(page.rows(500)).toBe(4);
    page.seen(1, 3 * 1024 * 1024);
    expect(page.rows(500)).toBe(1);
  });

  it("learns nothing from an empty page", () => {
    const page = new PageSize();
    page.seen(0, 0);
    expect(page.rows(500)).toBe(128);
  });
});
