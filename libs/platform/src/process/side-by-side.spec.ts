import { sideBySide } from './side-by-side.js';

describe('sideBySide', () => {
  it('works on so many at a time, and gives what came of each in order', async () => {
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const begun: number[] = [];
    const all = sideBySide([0, 1, 2, 3, 4], 2, async (n) => {
      begun.push(n);
      await gates[n]!.promise;
      return n * 10;
    });
    expect(begun).toEqual([0, 1]);
    for (const gate of gates.toReversed()) gate.resolve();
    expect(await all).toEqual([0, 10, 20, 30, 40]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(await sideBySide([], 2, () => Promise.resolve(1))).toEqual([]);
  });

  it('throws what one throws', async () => {
    const one = sideBySide([1, 2], 1, (n) =>
      n === 2 ? Promise.reject(new Error('two')) : Promise.resolve(),
    );
    await expect(one).rejects.toThrow('two');
  });

  it('throws once nothing is under way any more, what was thrown first', async () => {
    const slow = Promise.withResolvers<void>();
    const done: number[] = [];
    let isOver = false;
    const all = sideBySide([1, 2, 3], 2, async (n) => {
      if (n === 1) throw new Error('one');
      await slow.promise;
      done.push(n);
      if (n === 3) throw new Error('three');
    }).finally(() => (isOver = true));
    const thrown = expect(all).rejects.toThrow('one');
    await new Promise((resolve) => setImmediate(resolve));
    expect([isOver, done]).toEqual([false, []]);
    slow.resolve();
    await thrown;
    expect(done).toEqual([2, 3]);
  });
});
