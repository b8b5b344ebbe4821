const CUSTOMERS = 200;
const TASKS_PER_CUSTOMER = 10;

/**
 * The calls that the demo makes: each customer gets a reminder per second, and every 5 ms one of
 * them is due. Every fortieth fails once, one fails for good, and one is scheduled twice.
 */
export function planTasks(fromMs) {
  const tasks = [];
  for (let second = 0; second < TASKS_PER_CUSTOMER; second++) {
    for (let customer = 0; customer < CUSTOMERS; customer++) {
      const number = tasks.length + 1;
      tasks.push({
        type: "send-reminder",
        // Reminders of one customer run one at a time, in order.
        orderingId: `customer-${customer}`,
        scheduledTime: fromMs + second * 1_000 + customer * 5,
        // With the time and the ordering id it makes the key: the same key is the same task.
        uniquenessKey: `reminder-${number}`,
        data: { fate: fateOf(number) },
        options: { maxAttempts: 3, backoff: { initialMs: 100 } },
      });
    }
  }
  const twice = tasks[tasks.length >> 1];
  return [...tasks, { ...twice }];
}

function fateOf(number) {
  if (number === 1_234) return "fails for good";
  return number % 40 === 0 ? "fails once" : "succeeds";
}
