/**
 * Called around each operation of a memory adapter: `before` it is executed and `after`. It may
 * delay the operation by returning a promise, or fail it by throwing; failing it `after` is a write
 * that has happened and whose answer is lost.
 */
export type Intercept = (call: {
  readonly operation: string;
  readonly when: "before" | "after";
  readonly args: readonly unknown[];
}) => void | Promise<void>;

export async function intercepted<T>(
  intercept: Intercept | undefined,
  call: { operation: string; args: readonly unknown[] },
  execute: () => T,
): Promise<T> {
  await intercept?.({ ...call, when: "before" });
  const result = execute();
  await intercept?.({ ...call, when: "after" });
  return result;
}
