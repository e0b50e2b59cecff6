import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Clock, configOf, PLANS_FILE } from '#platform';
import type { LicenseType } from '#sdk/formats';
import { isOver } from '../domain/coupon.js';
import type { PlanPrice, PriceList } from '../domain/plan-price.js';
import { parsePriceList } from './price-list.js';

export class PricesConfig extends configOf('prices', { file: PLANS_FILE }) {}

/** The price list of this process, read once: Stripe's prices follow it by `catalog apply`, with a deployment. */
@Injectable()
export class Prices {
  private read?: PriceList;

  constructor(
    private readonly config: PricesConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws a sentence when the file cannot be read or is not valid. */
  get list(): PriceList {
    return (this.read ??= parsePriceList(readFileSync(this.config.file, 'utf8'), this.clock.now().getTime()));
  }

  /** Of what can be bought today: Stripe makes no coupon that has ended, and nobody misses one there. */
  get offered(): PriceList {
    const now = this.clock.now().getTime();
    return { ...this.list, coupons: this.list.coupons.filter((one) => !isOver(one, now)) };
  }

  plan(tier: LicenseType): PlanPrice | undefined {
    return this.list.plans.find((one) => one.tier === tier);
  }
}
