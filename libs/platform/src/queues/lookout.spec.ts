import { Lookout } from './lookout.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe('a lookout', () => {
  it('asks from where the last look said, and from there again after one that failed', async () => {
    const asked: string[] = [];
    let isAway = false;
    const look = async (from: string) => {
      asked.push(from);
      if (isAway) throw new Error('Postgres is away.');
      return `${Number(from) + 10}`;
    };
    const lookout = new Lookout({ name: 'The look', look, log: silent });
    await lookout.look();
    isAway = true;
    await expect(lookout.look()).rejects.toThrow('away');
    isAway = false;
    await lookout.look();
    expect(asked).toEqual(['0', '10', '10']);
  });
});
