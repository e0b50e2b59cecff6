import { Injectable } from '@nestjs/common';
import { standingKeys } from './pool-keys.js';
import { SeatScripts } from './seat-scripts.js';

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

type Reply = [] | [catalogueRevision: number, used: number, heldUntil: number, hasPlace: number];

/** Looks at a pool and changes nothing. */
@Injectable()
export class SeatStanding {
  constructor(private readonly scripts: SeatScripts) {}

  /** Null while nobody can tell: Redis is away, or was emptied. */
  async of(licenseId: string, device: string | null): Promise<Standing | null> {
    const asked = this.scripts.run('standing', standingKeys(licenseId), [device ?? '']) as Promise<Reply>;
    const [catalogueRevision, used, until, hasPlace] = await asked.catch((): Reply => []);
    if (catalogueRevision === undefined || used === undefined) return null;
    return {
      catalogueRevision,
      used,
      heldUntil: until ? new Date(until) : null,
      hasPlace: hasPlace === 1,
    };
  }
}
