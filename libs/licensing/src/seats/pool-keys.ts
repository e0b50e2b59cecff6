import { crc16 } from '#sdk/formats';

/**
 * Pools are spread over this many shards; each has one hash tag and one stream, so it lives whole on one node
 * of a Redis Cluster. Changing it orphans what is held: seats would have to be acquired again.
 */
export const SHARDS = 16;

const shardOf = (licenseId: string): number => crc16(licenseId) % SHARDS;

const tag = (shard: number) => `seats:{s${shard}}`;

export const ledgerKey = (shard: number) => `${tag(shard)}:ledger`;
export const goneKey = (shard: number) => `${tag(shard)}:gone`;
export const poolsKey = (shard: number) => `${tag(shard)}:pools`;
export const policyKey = (licenseId: string) => `${tag(shardOf(licenseId))}:${licenseId}:policy`;

/** The keys of a pool, in the order that pool-prelude.lua names them. */
export function poolKeys(licenseId: string): string[] {
  const shard = shardOf(licenseId);
  const pool = `${tag(shard)}:${licenseId}`;
  return [
    `${pool}:expiries`,
    `${pool}:devices`,
    `${pool}:holders`,
    `${pool}:policy`,
    ledgerKey(shard),
    goneKey(shard),
    poolsKey(shard),
    `${pool}:refused`,
  ];
}
