import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { configOf, PLANS_FILE } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { PlanPrice, PriceList } from '../domain/plan-price.js';
import { parsePriceList } from './price-list.js';

export class PricesConfig extends configOf('prices', { file: PLANS_FILE }) {}

/** The price list of this process, read once: Stripe's prices follow it by `catalog apply`, with a deployment. */
@Injectable()
export class Prices {
  private read?: PriceList;

  constructor(private readonly config: PricesConfig) {}

  /** Throws a sentence when the file cannot be read or is not valid. */
  get list(): PriceList {
    return (this.read ??= parsePriceList(readFileSync(this.config.file, 'utf8')));
  }

  plan(tier: LicenseType): PlanPrice | undefined {
    return this.list.plans.find((one) => one.tier === tier);
  }
}
