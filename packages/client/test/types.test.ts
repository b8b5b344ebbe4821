import type { Client } from "../src/index.ts";
import { setup } from "./setup.ts";

interface Types {
  "send-reminder": { invoice: number };
  sweep: undefined;
}

describe("types of tasks and data", () => {
  it("are checked by the compiler", async () => {
    const client = setup().client as unknown as Client<Types>;
    const about = { orderingId: "a", scheduledTime: 0 };
    await client.scheduleTask({ type: "send-reminder", data: { invoice: 7 }, ...about });
    await client.scheduleTask({ type: "sweep", ...about });
    // @ts-expect-error no such type
    await client.scheduleTask({ type: "send-remainder", data: { invoice: 7 }, ...about });
    // @ts-expect-error data of another type
    await client.scheduleTask({ type: "send-reminder", data: { invoice: "7" }, ...about });
    // @ts-expect-error data are missing
    await client.scheduleTask({ type: "send-reminder", ...about });
  });
});
