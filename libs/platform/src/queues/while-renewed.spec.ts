import { whileRenewed } from './while-renewed.js';

describe('whileRenewed', () => {
  it('renews for as long as the work takes, whatever a renewal comes to, and no longer', async () => {
    const third = Promise.withResolvers<string>();
    const failures: unknown[] = [];
    let renewals = 0;
    const renew = () => {
      if (++renewals === 3) third.resolve('done');
      return renewals === 2 ? Promise.reject(new Error('away')) : Promise.resolve();
    };
    const failed = (error: unknown) => void failures.push(error);
    expect(await whileRenewed({ lifeMs: 3, renew, failed }, () => third.promise)).toBe('done');
    expect(failures).toEqual([new Error('away')]);
    const fails = whileRenewed({ lifeMs: 60_000, renew, failed }, () => Promise.reject(new Error('no')));
    await expect(fails).rejects.toThrow('no');
  });
});
