// npx horae dev --handlers examples/hello/handlers.mjs
// npx horae schedule --type hello --ordering-id me --in 10s --data '{"name":"Thallo"}'

/** Maps task type to handler. Throwing means: try again later. */
export default {
  hello: async (task, ctx) => {
    const name = task.data?.name ?? task.orderingId;
    ctx.logger.info({ key: task.key, attempt: ctx.attempt }, `hello, ${name}`);
    return { greeted: name };
  },
};
