import { ManualClock } from '#platform';
import type { ReadLicenses } from '#licensing';
import type { Tenants } from '../persistence/tenants.js';
import { FollowPlan } from './follow-plan.js';

const given = (tier: string, seats: number, maxMembers: number) => ({ tier, terms: { seats, maxMembers } });

const limits = (licenses: { first: object | null; free: object | null }) => {
  const asked = { first: async () => licenses.first, free: async () => licenses.free };
  const tenants = {} as Tenants;
  const follow = new FollowPlan(tenants, asked as unknown as ReadLicenses, new ManualClock());
  return follow.limitsOf('ten_1', 'trace');
};

describe('the limits of a tenant', () => {
  const free = given('FREE', 2, 7);

  it('are what its licence lets in', async () => {
    expect(await limits({ first: given('TEAM', 5, 25), free })).toEqual({
      ...{ plan: 'TEAM', maxSeats: 5, maxMembers: 25 },
    });
  });

  it('are what Free is sold with once its licences have all ended', async () => {
    expect(await limits({ first: null, free })).toEqual({ plan: 'FREE', maxSeats: 2, maxMembers: 7 });
    expect(await limits({ first: null, free: null })).toMatchObject({ plan: 'FREE' });
  });
});
