import { CallGate } from './call-gate.js';

const outage = () => true;
const refusal = () => false;

describe('the gate before Stripe (S2-31)', () => {
  let time = 0;
  const gateOf = (options = {}) =>
    new CallGate({ max: 2, waitMs: 20, failures: 3, restMs: 1_000, now: () => time, ...options });
  const failing = () => Promise.reject(new Error('away'));

  it('lets so many calls run at a time, and refuses those that wait too long', async () => {
    const gate = gateOf();
    const hanging = Promise.withResolvers<string>();
    const first = [gate.run(() => hanging.promise, outage), gate.run(() => hanging.promise, outage)];
    await expect(gate.run(() => Promise.resolve('third'), outage)).rejects.toMatchObject({
      code: 'BILLING_UNAVAILABLE',
    });
    const fourth = gate.run(() => Promise.resolve('fourth'), outage);
    hanging.resolve('done');
    expect(await Promise.all([...first, fourth])).toEqual(['done', 'done', 'fourth']);
  });

  it('asks nobody for a while after failures in a row, then one, and all when that goes well', async () => {
    const gate = gateOf({ max: 10 });
    for (let i = 0; i < 3; i++) await expect(gate.run(failing, outage)).rejects.toThrow('away');
    let asked = 0;
    const counted = () => Promise.resolve(++asked);
    await expect(gate.run(counted, outage)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    time += 1_001;
    const trial = Promise.withResolvers<number>();
    const trying = gate.run(() => trial.promise, outage);
    await expect(gate.run(counted, outage)).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(asked).toBe(0);
    trial.resolve(1);
    await trying;
    await gate.run(counted, outage);
    expect(asked).toBe(1);
  });

  it('takes a refusal for an answer', async () => {
    const gate = gateOf();
    for (let i = 0; i < 9; i++) await expect(gate.run(failing, refusal)).rejects.toThrow('away');
  });
});
