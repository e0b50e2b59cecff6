import { LEASE_MODES } from '#sdk/formats';
import fc from '../../../../test/support/properties.js';
import { termsOf } from '../testing/policies.js';
import {
  isTighterMode,
  type Layers,
  type Override,
  OVERAGES,
  termsAt,
  termsGoodUntil,
  TermsPatch,
} from './terms.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const SOON = new Date('2026-01-02T00:00:00Z');
const FLAGS = { cloud_sync: ['sync:read', 'sync:write'], agent_access: ['agents:all'] };

const layers = (some: Partial<Layers>): Layers => ({
  plan: {},
  policy: null,
  tenant: [],
  license: [],
  tenantMode: null,
  flags: FLAGS,
  ...some,
});
const override = (terms: TermsPatch, expiresAt: Date | null = null): Override => ({
  terms,
  expiresAt: expiresAt?.toISOString() ?? null,
  reason: '',
});

describe('the layers of terms', () => {
  it('win one over the other: plan, policy, tenant, licence', () => {
    const seats = (some: Partial<Layers>) => termsAt(layers(some), NOW).seats;
    const all = {
      plan: { seats: 1 },
      policy: { seats: 2 },
      tenant: [override({ seats: 3 })],
      license: [override({ seats: 4 })],
    };
    expect(seats({})).toBe(1);
    expect(seats({ plan: { seats: 7 } })).toBe(7);
    expect(seats({ ...all, tenant: [], license: [] })).toBe(2);
    expect(seats({ ...all, license: [] })).toBe(3);
    expect(seats(all)).toBe(4);
    expect(seats({ ...all, license: [override({ seats: 4 }), override({ seats: 5 })] })).toBe(5);
  });

  it('say only what they change, and null is something they say', () => {
    const terms = termsAt(
      layers({
        plan: { seats: 5, queue: true },
        policy: { seats: null },
        license: [override({ queue: undefined })],
      }),
      NOW,
    );
    expect(terms).toMatchObject({ seats: null, seatCap: null, queue: true, offlineDevices: null });
  });

  it('add up meters and flags one by one', () => {
    const { meters, flags } = termsAt(
      layers({
        plan: {
          meters: {
            commands: { limit: 10, period: 'day', billed: false },
            exports: { limit: 1, period: 'month', billed: true },
          },
          flags: { cloud_sync: true, agent_access: false },
        },
        license: [
          override({
            meters: { commands: { limit: 99, period: 'day', billed: false } },
            flags: { agent_access: true },
          }),
        ],
      }),
      NOW,
    );
    expect(meters).toEqual({
      commands: { limit: 99, period: 'day', billed: false },
      exports: { limit: 1, period: 'month', billed: true },
    });
    expect(flags).toEqual({ cloud_sync: true, agent_access: true });
  });

  it('never give a licence less for having a layer that says nothing', () => {
    const patch = fc.record({ seats: fc.nat(9), queue: fc.boolean() }, { requiredKeys: [] });
    fc.assert(
      fc.property(patch, (plan) => {
        const empty = { policy: {}, tenant: [override({})], license: [override({})] };
        expect(termsAt(layers({ plan, ...empty }), NOW)).toEqual(termsAt(layers({ plan }), NOW));
      }),
    );
  });
});

describe('entitlements', () => {
  const entitlements = (some: Partial<Layers>) => termsAt(layers(some), NOW).entitlements;
  const plan = { entitlements: ['commands:execute', 'sync:read'] };

  it('follow flags: one that is on adds its bundle, one that is off takes it away', () => {
    expect(entitlements({ plan: { ...plan, flags: { cloud_sync: true } } })).toEqual([
      'commands:execute',
      'sync:read',
      'sync:write',
    ]);
    expect(entitlements({ plan: { ...plan, flags: { cloud_sync: false } } })).toEqual(['commands:execute']);
    expect(entitlements({ plan })).toEqual(['commands:execute', 'sync:read']);
    expect(entitlements({ plan: { ...plan, flags: { unheard_of: true } } })).toEqual([
      'commands:execute',
      'sync:read',
    ]);
  });

  it('are added and removed by name after the flags, by whichever layer', () => {
    expect(
      entitlements({
        plan: { ...plan, flags: { cloud_sync: true } },
        tenant: [override({ removeEntitlements: ['sync:write'] })],
        license: [override({ addEntitlements: ['sso:use'] })],
      }),
    ).toEqual(['commands:execute', 'sso:use', 'sync:read']);
  });

  it('are replaced by a layer that lists them', () => {
    expect(entitlements({ plan, policy: { entitlements: ['sso:use'] } })).toEqual(['sso:use']);
  });
});

describe('an override that ends', () => {
  const temporary = layers({ plan: { seats: 1 }, tenant: [override({ seats: 9 }, SOON)] });

  it('holds until its last millisecond, and not at its end', () => {
    expect(termsAt(temporary, new Date(SOON.getTime() - 1)).seats).toBe(9);
    expect(termsAt(temporary, SOON).seats).toBe(1);
  });

  it('is when the terms are to be read again: the first of several, of ended ones none', () => {
    const later = new Date('2026-02-01T00:00:00Z');
    const both = { tenant: [override({}, later)], license: [override({}, SOON), override({})] };
    expect(termsGoodUntil(both, NOW)).toEqual(SOON);
    expect(termsGoodUntil(both, SOON)).toEqual(later);
    expect(termsGoodUntil(both, later)).toBeNull();
  });
});

describe('overage', () => {
  it.each([
    ['1x', 4, 4],
    ['1.25x', 4, 5],
    ['1.25x', 3, 3],
    ['1.5x', 3, 4],
    ['2x', 5, 10],
    ['unlimited', 5, null],
    ['2x', null, null],
    ['2x', 0, 0],
  ] as const)('%s of %p seats lets %p in', (overage, seats, cap) => {
    expect(termsOf({ overage, seats })).toMatchObject({ seats, seatCap: cap });
  });

  it('never lets fewer in than were bought', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OVERAGES), fc.nat(1_000_000), (overage, seats) => {
        const { seatCap } = termsOf({ overage, seats });
        expect(seatCap === null || seatCap >= seats).toBe(true);
      }),
    );
  });

  it('is not what offline devices are counted by: twice what was bought unless the terms say', () => {
    expect(termsOf({ seats: 5, overage: 'unlimited' }).offlineDevices).toBe(10);
    expect(termsOf({ seats: 5, offlineDevices: 0 }).offlineDevices).toBe(0);
  });
});

describe('the heartbeat mode', () => {
  it('that a tenant chose is taken when it is as tight, else the given one stays', () => {
    for (const given of LEASE_MODES) {
      for (const chosen of LEASE_MODES) {
        const { heartbeatMode } = termsAt(
          layers({ plan: { heartbeatMode: given }, tenantMode: chosen }),
          NOW,
        );
        expect(heartbeatMode).toBe(isTighterMode(chosen, given) ? chosen : given);
      }
    }
  });

  it('is tighter in this order', () => {
    const order = ['strict', 'hybrid', 'none', 'relaxed', 'instance'] as const;
    expect([...order].sort()).toEqual([...LEASE_MODES].sort());
    order.forEach((mode, index) => {
      for (const looser of order.slice(index)) expect(isTighterMode(mode, looser)).toBe(true);
      for (const tighter of order.slice(0, index)) expect(isTighterMode(mode, tighter)).toBe(false);
    });
  });
});

describe('a patch of terms', () => {
  it.each([
    { seats: -1 },
    { seats: 1.5 },
    { kind: 'rented' },
    { unheard: 1 },
    { entitlements: ['Sync:Write'] },
    { entitlements: ['sync:'] },
    { entitlements: ['a::b'] },
    { flags: { 'cloud-sync': true } },
    { meters: { commands: { limit: -1 } } },
    { lingerSeconds: 86_401 },
  ])('refuses %j', (patch) => {
    expect(TermsPatch.safeParse(patch).success).toBe(false);
  });

  it('takes names of entitlements', () => {
    const entitlements = ['a', 'sync:write', 'x.y:z_1-2:w'];
    expect(TermsPatch.parse({ entitlements })).toEqual({ entitlements });
  });
});
