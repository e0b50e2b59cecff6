import { BoundedMemory } from './bounded-memory.js';

describe('BoundedMemory', () => {
  const memory = new BoundedMemory({ keyPrefix: 'limits', points: 1, duration: 60, max: 3 });

  afterAll(async () => {
    for (const { key } of memory.dump().storage) await memory.delete(key);
  });

  it('holds no more keys than allowed and forgets the one least recently counted', async () => {
    for (const key of ['a', 'b', 'c', 'a', 'd']) await memory.penalty(key);
    await memory.set('e', 7, 60);

    const held = memory.dump().storage.map(({ key, value }) => [key, value]);
    expect(held.sort()).toEqual([
      ['a', 2],
      ['d', 1],
      ['e', 7],
    ]);
  });
});
