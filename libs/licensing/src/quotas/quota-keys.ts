import {
  catalogueKey,
  generationKey,
  policyKey,
  poolKeys,
  shardOf,
  shardPrefix,
} from '../seats/pool-keys.js';
import type { Period } from './windows.js';

/** The uses of a shard's licences on their way to the ledger. */
export const usageKey = (shard: number) => `${shardPrefix(shard)}usage`;
/** The number of refusals by minute, tenant, licence and meter. */
export const refusalsKey = (shard: number) => `${shardPrefix(shard)}usage-refused`;
/** A name for the counters that are in Redis now, and since when: gone when they are. */
export const countersKey = (shard: number) => `${shardPrefix(shard)}usage-counters`;
/** What every script takes to name its counters: the second is the seats' generation, see quota-prelude.lua. */
export const counterKeys = (licenseId: string) => {
  const shard = shardOf(licenseId);
  return [countersKey(shard), generationKey(shard)];
};

const ofLicense = (licenseId: string, name: string) =>
  `${shardPrefix(shardOf(licenseId))}${licenseId}:${name}`;

/** The count of a meter in the window under way. Its hash says which window that is. */
export const recordKey = (licenseId: string, meter: string, period: Period) =>
  ofLicense(licenseId, `use:${meter}:${period}`);

/** Names the counters at whose time the ledger was asked for keys of this licence and had none. */
export const noKeysKey = (licenseId: string) => ofLicense(licenseId, 'no-keys');

/** In the order that use.lua names them. */
export function useKeys(licenseId: string, meter: string, period: Period, key: string): string[] {
  const shard = shardOf(licenseId);
  const [expiries = ''] = poolKeys(licenseId);
  return [
    ...counterKeys(licenseId),
    policyKey(licenseId),
    catalogueKey(shard),
    expiries,
    recordKey(licenseId, meter, period),
    ofLicense(licenseId, `once:${key}`),
    noKeysKey(licenseId),
    usageKey(shard),
    refusalsKey(shard),
  ];
}
