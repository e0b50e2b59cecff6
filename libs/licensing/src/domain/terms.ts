import { z } from 'zod';
import { LEASE_MODES, type LeaseMode } from '#sdk/formats';

/** How seats are counted beyond what was bought: `1.25x` of 4 seats lets 5 in. Rounded down. */
export const OVERAGES = ['1x', '1.25x', '1.5x', '2x', 'unlimited'] as const;
export type Overage = (typeof OVERAGES)[number];

export const METER_PERIODS = ['hour', 'day', 'week', 'month', 'year', 'forever'] as const;

/** Names of entitlements, flags and meters: bounded, because they travel in tokens and leases. */
export const EntitlementName = z
  .string()
  .regex(/^[a-z](?:[a-z0-9_.-]|:(?=[a-z0-9_.-]))*$/, 'must be like sync:write')
  .max(64);
export const FlagName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be like cloud_sync');
export const MeterName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be like commands');

export const MeterTerms = z.strictObject({
  /** Units a period; null: unlimited. */
  limit: z.int().min(0).nullable(),
  period: z.enum(METER_PERIODS).default('day'),
  /** A billed use is in Postgres before it is answered. */
  billed: z.boolean().default(false),
});
export type MeterTerms = z.output<typeof MeterTerms>;

const entitlements = () => z.array(EntitlementName).max(100);

/**
 * What one layer says of a licence: a plan, a policy, the tenant's overrides, the licence's own. Each says only what
 * it changes; the later layer wins.
 */
export const TermsPatch = z
  .strictObject({
    /** `node_locked`: devices are bound to the licence, in Postgres, until they are unbound. */
    kind: z.enum(['floating', 'node_locked']),
    /** null: as many as there are. For a node-locked licence: how many devices may be bound. */
    seats: z.int().min(0).max(1_000_000).nullable(),
    overage: z.enum(OVERAGES),
    /** What one seat is for: a device, or a person with all their devices. */
    leasing: z.enum(['device', 'user']),
    /** Among what a device may be only once: a licence, the tenant's licences of a product, all of the tenant's. */
    uniqueness: z.enum(['license', 'product', 'tenant']),
    /** null: it never expires. */
    durationDays: z.int().min(1).max(36_500).nullable(),
    /** When `durationDays` begins. */
    expiryBasis: z.enum(['creation', 'first_validation', 'first_activation']),
    /** After expiry: nothing goes on; what is known goes on, nothing new; everything goes on. */
    expiryStrategy: z.enum(['restrict', 'maintain', 'allow']),
    /** What a renewal adds to: the old expiry, this moment, or this moment if it has expired. */
    renewalBasis: z.enum(['expiry', 'now', 'now_if_expired']),
    heartbeatMode: z.enum(LEASE_MODES),
    /** First come, first served when the pool is full. */
    queue: z.boolean(),
    /** A released seat stays with its device for so long, in seconds. */
    lingerSeconds: z.int().min(0).max(86_400),
    /** Whether the key alone, without a bearer, takes a seat. */
    keyActivation: z.boolean(),
    /** Only the people named on the licence may use it. */
    namedUsers: z.boolean(),
    /** People in the organisation, whatever their role; null: as many as there are. Tenancy keeps it. */
    maxMembers: z.int().min(1).max(1_000_000).nullable(),
    /** Devices with an unexpired lease at a time; null: twice the seats. Of the terms that result null is unlimited. */
    offlineDevices: z.int().min(0).max(2_000_000).nullable(),
    /** The longest life of an air-gapped activation; 0: none. */
    airGappedDays: z.int().min(0).max(3_650),
    /** The licence must be checked in this often; null: never. */
    checkInDays: z.int().min(1).max(3_650).nullable(),
    /** Replaces what the layers below give. */
    entitlements: entitlements(),
    addEntitlements: entitlements(),
    removeEntitlements: entitlements(),
    /** Switches the catalogue's bundles of entitlements on or off, one by one. */
    flags: z.record(FlagName, z.boolean()),
    meters: z.record(MeterName, MeterTerms),
  })
  .partial();
export type TermsPatch = z.output<typeof TermsPatch>;

export const TERM_NAMES = Object.keys(TermsPatch.shape) as (keyof TermsPatch)[];

/** A layer that may end. */
export const Override = z.strictObject({
  terms: TermsPatch,
  /** null: until it is taken away. */
  expiresAt: z.iso.datetime({ offset: true }).nullable(),
  reason: z.string().max(500),
});
export type Override = z.output<typeof Override>;
export const OVERRIDES_MAX = 20;

/** What holds for a licence, all layers together. */
export interface Terms extends Readonly<
  Omit<Required<TermsPatch>, 'entitlements' | 'addEntitlements' | 'removeEntitlements'>
> {
  /** Seats with overage: nobody is let in beyond it. null: unlimited. */
  readonly seatCap: number | null;
  readonly entitlements: readonly string[];
}

const DEFAULTS: Required<TermsPatch> = {
  kind: 'floating',
  seats: 1,
  overage: '1x',
  leasing: 'device',
  uniqueness: 'license',
  durationDays: null,
  expiryBasis: 'creation',
  expiryStrategy: 'restrict',
  renewalBasis: 'now_if_expired',
  heartbeatMode: 'hybrid',
  queue: false,
  lingerSeconds: 0,
  keyActivation: true,
  namedUsers: false,
  maxMembers: null,
  offlineDevices: null,
  airGappedDays: 0,
  checkInDays: null,
  entitlements: [],
  addEntitlements: [],
  removeEntitlements: [],
  flags: {},
  meters: {},
};

/** From the tightest to the loosest: a tenant may go towards the first. */
const TIGHTNESS: readonly LeaseMode[] = ['strict', 'hybrid', 'none', 'relaxed', 'instance'];

export const isTighterMode = (mode: LeaseMode, than: LeaseMode): boolean =>
  TIGHTNESS.indexOf(mode) <= TIGHTNESS.indexOf(than);

export interface Layers {
  plan: TermsPatch;
  policy: TermsPatch | null;
  /** What was bought besides the plan: seats. */
  purchase?: TermsPatch;
  tenant: readonly Override[];
  license: readonly Override[];
  /** What the tenant itself chose; taken only when it is no looser than what it was given. */
  tenantMode: LeaseMode | null;
  /** Which entitlements a flag carries, from the catalogue. */
  flags: Readonly<Record<string, readonly string[]>>;
}

/**
 * The terms that hold at `now`. Plan, policy, purchase, tenant, licence, in this order: a later layer wins, flags and meters one
 * by one. A flag that is on adds its entitlements, one that is off takes them away; what a layer adds or removes by
 * name comes after the flags.
 */
export function termsAt(layers: Layers, now: Date): Terms {
  const patches = [
    layers.plan,
    layers.policy ?? {},
    layers.purchase ?? {},
    ...[...layers.tenant, ...layers.license].filter((one) => isOn(one, now)).map((one) => one.terms),
  ];
  const merged = { ...DEFAULTS };
  for (const patch of patches) {
    Object.assign(merged, definedOf(patch), {
      flags: { ...merged.flags, ...patch.flags },
      meters: { ...merged.meters, ...patch.meters },
    });
  }
  const { addEntitlements: _, removeEntitlements: __, ...terms } = merged;
  const mode =
    layers.tenantMode && isTighterMode(layers.tenantMode, merged.heartbeatMode)
      ? layers.tenantMode
      : merged.heartbeatMode;
  return {
    ...terms,
    heartbeatMode: mode,
    seatCap: capOf(merged.seats, merged.overage),
    offlineDevices: merged.offlineDevices ?? (merged.seats === null ? null : 2 * merged.seats),
    entitlements: entitlementsOf(merged, patches, layers.flags),
  };
}

/** When the terms change by themselves next, because an override ends; null: never. */
export function termsGoodUntil(layers: Pick<Layers, 'tenant' | 'license'>, now: Date): Date | null {
  const ends = [...layers.tenant, ...layers.license]
    .filter((one) => one.expiresAt !== null && isOn(one, now))
    .map((one) => Date.parse(one.expiresAt!));
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}

export const isOn = ({ expiresAt }: Override, now: Date): boolean =>
  expiresAt === null || Date.parse(expiresAt) > now.getTime();

const definedOf = (patch: TermsPatch): TermsPatch =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));

const FACTORS: Record<Overage, number | null> = {
  '1x': 1,
  '1.25x': 1.25,
  '1.5x': 1.5,
  '2x': 2,
  unlimited: null,
};

function capOf(seats: number | null, overage: Overage): number | null {
  const factor = FACTORS[overage];
  return seats === null || factor === null ? null : Math.floor(seats * factor);
}

function entitlementsOf(
  { entitlements, flags }: { entitlements: readonly string[]; flags: Readonly<Record<string, boolean>> },
  patches: readonly TermsPatch[],
  bundles: Layers['flags'],
): string[] {
  const given = new Set(entitlements);
  for (const [flag, isOnNow] of Object.entries(flags)) {
    for (const name of bundles[flag] ?? []) {
      if (isOnNow) given.add(name);
      else given.delete(name);
    }
  }
  for (const patch of patches) {
    for (const name of patch.addEntitlements ?? []) given.add(name);
    for (const name of patch.removeEntitlements ?? []) given.delete(name);
  }
  return [...given].sort();
}
