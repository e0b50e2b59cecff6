import { readAgain } from './read-again.js';

const PATIENCE_MS = 60_000;
const lost = new Error('lost');

describe('a read that fails (S2-31)', () => {
  const failing = (times: number) => {
    let asked = 0;
    const ask = () => {
      asked += 1;
      return asked <= times ? Promise.reject(lost) : Promise.resolve('read');
    };
    return { ask, asked: () => asked };
  };

  it('is asked for twice more, and no more than that', async () => {
    const twice = failing(2);
    expect(await readAgain(twice.ask, () => true, PATIENCE_MS)).toBe('read');
    expect(twice.asked()).toBe(3);
    const always = failing(9);
    await expect(readAgain(always.ask, () => true, PATIENCE_MS)).rejects.toBe(lost);
    expect(always.asked()).toBe(3);
  });

  it('is over when it was refused, or has taken long', async () => {
    const refused = failing(1);
    await expect(readAgain(refused.ask, () => false, PATIENCE_MS)).rejects.toBe(lost);
    expect(refused.asked()).toBe(1);
    const hanging = failing(1);
    const patience = AbortSignal.timeout(5);
    const hangs = async () => {
      await new Promise((resolve) => patience.addEventListener('abort', resolve));
      return hanging.ask();
    };
    await expect(readAgain(hangs, () => true, 1)).rejects.toBe(lost);
    expect(hanging.asked()).toBe(1);
  });
});
