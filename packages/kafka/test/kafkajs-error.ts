/** An error as kafkajs makes it, without its classes. */
export function kafkaJsError(
  fields: { name: string; type?: string; code?: unknown; cause?: unknown } & { message?: string },
): Error {
  const { message = fields.type ?? fields.name, ...others } = fields;
  return Object.assign(new Error(message), others);
}
