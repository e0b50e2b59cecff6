import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PoolBudget } from '#platform';
import type { Place } from '../use-cases/place.js';

/** Sizes are learnt from answers; a pool that has not answered yet is not limited. */
const REMEMBERED_SIZES = 50_000;

/** How much one pool may call, in proportion to its seats. */
@Injectable()
export class SeatBudget {
  private readonly sizes = new LRUCache<string, number>({ max: REMEMBERED_SIZES });

  constructor(private readonly budget: PoolBudget) {}

  /** Throws 429 when the pool's calls are spent. */
  spend(place: Place): void {
    this.budget.spend(place, 'seats', this.sizes.get(place.licenseId) ?? Infinity);
  }

  /** null: unlimited. */
  learn(licenseId: string, maxSeats: number | null): void {
    this.sizes.set(licenseId, maxSeats ?? Infinity);
  }
}
