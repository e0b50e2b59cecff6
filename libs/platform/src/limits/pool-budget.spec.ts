import { ManualClock } from '../clock/clock.js';
import type { Limits } from './limits.config.js';
import { PoolBudget } from './pool-budget.js';
import { RateLimited } from './rate-limited.js';

const LIMITS = {
  windowSeconds: 60,
  seatCalls: 3,
  seatCallsPerSeat: 2,
  usageReports: 2,
  validations: 1,
} as Limits;

function refusalOf(call: () => void): RateLimited {
  try {
    call();
  } catch (error) {
    return error as RateLimited;
  }
  throw new Error('It was not refused.');
}

describe('PoolBudget', () => {
  const clock = new ManualClock();
  const budget = new PoolBudget(LIMITS, clock);
  const pool = (licenseId: string, tenantId = 'ten_a') => ({ tenantId, licenseId });
  const spend = (times: number, ...call: Parameters<PoolBudget['spend']>) => {
    for (let i = 0; i < times; i++) budget.spend(...call);
  };

  it('refuses what is beyond the budget until the window ends', () => {
    spend(3, pool('lic_a'));
    clock.advance(20_000);
    const refusal = refusalOf(() => budget.spend(pool('lic_a')));
    expect(refusal).toBeInstanceOf(RateLimited);
    expect(refusal).toMatchObject({
      status: 429,
      code: 'RATE_LIMITED',
      retryAfterSeconds: 40,
      details: { limit: 3, windowSeconds: 60, retryAfterSeconds: 40 },
      headers: { 'ratelimit-policy': '"seats";q=3;w=60', ratelimit: '"seats";r=0;t=40' },
    });
    clock.advance(40_000);
    expect(() => budget.spend(pool('lic_a'))).not.toThrow();
  });

  it('counts each pool and each kind of call by itself', () => {
    spend(1, pool('lic_b'), 'validate');
    expect(() => budget.spend(pool('lic_b'), 'validate')).toThrow(RateLimited);
    expect(() => spend(3, pool('lic_b'), 'seats')).not.toThrow();
    expect(() => spend(2, pool('lic_b'), 'usage')).not.toThrow();
    expect(() => budget.spend(pool('lic_c'), 'validate')).not.toThrow();
  });

  it('is not spent by who names the licence of another tenant (a stranger silenced its programs)', () => {
    spend(1, pool('lic_g'), 'validate');
    expect(() => budget.spend(pool('lic_g'), 'validate')).toThrow(RateLimited);
    expect(() => budget.spend(pool('lic_g', 'ten_b'), 'validate')).not.toThrow();
  });

  it('grows with the seats of the pool, without end for an unlimited one', () => {
    spend(3 + 10 * 2, pool('lic_d'), 'seats', 10);
    expect(() => budget.spend(pool('lic_d'), 'seats', 10)).toThrow(RateLimited);
    expect(() => spend(10_000, pool('lic_e'), 'seats', Infinity)).not.toThrow();
  });

  it('forgets the quietest pools first, so a noisy one stays refused', () => {
    const noisy = () => budget.spend(pool('lic_noisy'), 'validate');
    noisy();
    for (let i = 0; i < 60_000; i++) {
      budget.spend(pool(`lic_${i}`), 'validate');
      if (i % 10_000 === 0) expect(noisy).toThrow(RateLimited);
    }
    expect(noisy).toThrow(RateLimited);
  });

  it('keeps no window open for longer than a window when the clock is set back', () => {
    budget.spend(pool('lic_f'), 'validate');
    clock.advance(-3_600_000);
    expect(() => budget.spend(pool('lic_f'), 'validate')).not.toThrow();
  });
});
