import "./jest-global-setup.ts";

/** `globalTeardown` that goes with `jest-global-setup.ts`. */
export default async function stopSharedServers(): Promise<void> {
  await globalThis.horaeSharedServers?.stop();
}
