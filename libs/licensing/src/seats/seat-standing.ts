import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisClients } from '#platform';
import { poolKeys } from './pool-keys.js';

/** How a pool stands, for who asks without wanting a seat. */
export interface Standing {
  /** Places taken: of devices, or of people where seats are theirs. */
  used: number;
  /** Until when the device holds a seat; null: it holds none. */
  heldUntil: Date | null;
  /** It holds one, or one is kept for it. */
  hasPlace: boolean;
  /** Of the catalogue, as the seat scripts know it: a policy read at an older one is stale. */
  catalogueRevision: number;
}

type Scripted = Redis & {
  seatStanding: (
    ...args: string[]
  ) => Promise<[] | [catalogueRevision: number, used: number, heldUntil: number, hasPlace: number]>;
};

const LUA = readFileSync(new URL('./standing.lua', import.meta.url), 'utf8');

/** Looks at a pool and changes nothing. */
@Injectable()
export class SeatStanding {
  private readonly redis: Scripted;

  constructor(clients: RedisClients) {
    this.redis = clients.for('seats') as Scripted;
    this.redis.defineCommand('seatStanding', { numberOfKeys: 6, lua: LUA });
  }

  /** Null while nobody can tell: Redis is away, or was emptied. */
  async of(licenseId: string, device: string | null): Promise<Standing | null> {
    const keys = poolKeys(licenseId);
    const named = ['expiries', 'devices', 'persons', 'policy', 'generation', 'catalogue'].map(
      (name) => keys.find((key) => key.endsWith(`:${name}`)) ?? '',
    );
    const [catalogueRevision, used, until, hasPlace] = await this.redis
      .seatStanding(...named, device ?? '')
      .catch((): [] => []);
    if (catalogueRevision === undefined || used === undefined) return null;
    return {
      catalogueRevision,
      used,
      heldUntil: until ? new Date(Number(until)) : null,
      hasPlace: hasPlace === 1,
    };
  }
}
