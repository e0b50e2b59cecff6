import { SharedTurns } from './shared-turns.js';

describe('shared turns', () => {
  /** Work that ends when it is told to. */
  function work() {
    const turns: PromiseWithResolvers<number>[] = [];
    return { turns, begin: () => turns[turns.push(Promise.withResolvers<number>()) - 1]!.promise };
  }
  const settled = () => new Promise(setImmediate);

  it('do the same once for all who came while it ran, in a turn that begins afterwards', async () => {
    const shared = new SharedTurns<number>();
    const { turns, begin } = work();
    const first = shared.run('a', begin);
    const later = Array.from({ length: 99 }, () => shared.run('a', begin));
    expect(turns).toHaveLength(1);
    turns[0]!.resolve(1);
    await settled();
    expect(turns).toHaveLength(2);
    turns[1]!.resolve(2);
    expect(await first).toBe(1);
    expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
  });

  it('go on after a failure, and keep nothing', async () => {
    const shared = new SharedTurns<number>();
    const { turns, begin } = work();
    const first = shared.run('a', begin);
    const second = shared.run('a', begin);
    turns[0]!.reject(new Error('lost'));
    await expect(first).rejects.toThrow('lost');
    await settled();
    turns[1]!.resolve(2);
    expect(await second).toBe(2);
    await settled();
    const third = shared.run('a', begin);
    expect(turns).toHaveLength(3);
    turns[2]!.resolve(3);
    expect(await third).toBe(3);
  });

  it('do not mix what differs', async () => {
    const shared = new SharedTurns<number>();
    expect(await Promise.all([shared.run('a', async () => 1), shared.run('b', async () => 2)])).toEqual([
      1, 2,
    ]);
  });
});
