import { crc16 } from '#sdk/formats';

/**
 * Pools are spread over this many shards; each has one hash tag and one stream, so it lives whole on one node
 * of a Redis Cluster. Changing it orphans what is held: seats would have to be acquired again.
 */
export const SHARDS = 16;
export const SHARD_NUMBERS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

export const shardOf = (licenseId: string): number => crc16(licenseId) % SHARDS;

const tag = (shard: number) => `seats:{s${shard}}`;

/** What every key of a shard begins with. */
export const shardPrefix = (shard: number) => `${tag(shard)}:`;
export const ledgerKey = (shard: number) => `${tag(shard)}:ledger`;
export const goneKey = (shard: number) => `${tag(shard)}:gone`;
export const poolsKey = (shard: number) => `${tag(shard)}:pools`;
/** The catalogue's revision: a policy that was read at an older one is read again. */
export const catalogueKey = (shard: number) => `${tag(shard)}:catalogue`;
/** How often the shard has been lost; a shard without one has been emptied. */
export const generationKey = (shard: number) => `${tag(shard)}:generation`;
/** Until when a shard that was lost gives no seat back and none away. */
export const recoveryKey = (shard: number) => `${tag(shard)}:recovery`;
/** Login sessions that have ended: their access tokens are good for a while yet. */
export const loginsKey = (shard: number) => `${tag(shard)}:logins`;
export const policyKey = (licenseId: string) => `${tag(shardOf(licenseId))}:${licenseId}:policy`;
/** Lapses that Postgres has not been told of yet. */
export const lapsedKey = (licenseId: string) => `${tag(shardOf(licenseId))}:${licenseId}:lapsed`;

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
    `${pool}:info`,
    `${pool}:owners`,
    catalogueKey(shard),
    generationKey(shard),
    recoveryKey(shard),
    `${pool}:persons`,
    `${pool}:lapsed`,
    `${pool}:queue`,
    `${pool}:asked`,
    loginsKey(shard),
  ];
}

/** What a heartbeat reads, in the order that heartbeat.lua names it. */
export function heartbeatKeys(licenseId: string): string[] {
  const shard = shardOf(licenseId);
  const pool = `${tag(shard)}:${licenseId}`;
  return [
    `${pool}:expiries`,
    `${pool}:policy`,
    catalogueKey(shard),
    generationKey(shard),
    `${pool}:info`,
    `${pool}:persons`,
  ];
}

/** What says how a pool stands, in the order that standing.lua names it. */
export function standingKeys(licenseId: string): string[] {
  const shard = shardOf(licenseId);
  const pool = `${tag(shard)}:${licenseId}`;
  return [
    `${pool}:expiries`,
    `${pool}:devices`,
    `${pool}:persons`,
    `${pool}:policy`,
    generationKey(shard),
    catalogueKey(shard),
  ];
}

/** What a new policy replaces or rearranges, in the order that set-policy.lua names it. */
export function policyKeys(licenseId: string): string[] {
  const pool = `${tag(shardOf(licenseId))}:${licenseId}`;
  return ['policy', 'expiries', 'holders', 'info', 'persons'].map((name) => `${pool}:${name}`);
}
