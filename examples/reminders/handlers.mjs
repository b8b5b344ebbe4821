// The handlers of a node: maps task type to what runs. docker-compose.yml uses this file, and so can
//   npx horae dev --handlers examples/reminders/handlers.mjs
import { TaskFailedError } from "@horae/node";

export default {
  "send-reminder": async (task, ctx) => {
    const { invoice, email } = task.data ?? {};
    // Retrying would not help: give up at once.
    if (invoice === undefined) throw new TaskFailedError("the reminder names no invoice");
    // Here a mail would be sent. Throwing means: try again later, with growing pauses.
    ctx.logger.info({ invoice, email, attempt: ctx.attempt }, "reminder sent");
    return { sentTo: email ?? task.orderingId };
  },
};
