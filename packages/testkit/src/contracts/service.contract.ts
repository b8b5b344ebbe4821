/** What can be started and stopped once. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServiceContract {
  readonly name: string;
  /** A new one, not started. */
  make(): Promise<Service> | Service;
  /** Lets time pass until the promise has settled, where the service runs on a fake clock. */
  readonly settle?: <T>(promise: Promise<T>) => Promise<T>;
  /** For one test. Default: Jest's. */
  readonly timeoutMs?: number;
}

const STRESS_ROUNDS = 20;

/**
 * What every service does: stopping is idempotent and never hangs, also before, during and without
 * a start, and whoever stops first. A stopped service may refuse to start.
 */
export function testServiceContract(contract: ServiceContract): void {
  describe(`${contract.name} as a service`, () => {
    const settle = contract.settle ?? (<T>(promise: Promise<T>): Promise<T> => promise);
    if (contract.timeoutMs !== undefined) jest.setTimeout(contract.timeoutMs);

    it("starts and stops", async () => {
      const service = await contract.make();
      await settle(service.start());
      await settle(service.stop());
    });

    it("stops without having been started", async () => {
      const service = await contract.make();
      await settle(service.stop());
    });

    it("stops twice, one after the other and at the same time", async () => {
      const service = await contract.make();
      await settle(service.start());
      await settle(Promise.all([service.stop(), service.stop()]));
      await settle(service.stop());
    });

    it("stops while it is being started", async () => {
      const service = await contract.make();
      const starting = service.start().catch(() => undefined);
      await settle(Promise.all([starting, service.stop()]));
    });

    it("ends stopped whatever the order of many starts and stops", async () => {
      for (let round = 0; round < STRESS_ROUNDS; round++) {
        const service = await contract.make();
        const calls: Promise<unknown>[] = [];
        for (let call = 0; call < 8; call++) {
          // The order differs from round to round, and is the same in each run.
          const isStart = ((round >> (call % 5)) & 1) === 0;
          calls.push(isStart ? service.start().catch(() => undefined) : service.stop());
          if ((round + call) % 3 === 0) await Promise.resolve();
        }
        await settle(Promise.all([...calls, service.stop()]));
      }
    });
  });
}
