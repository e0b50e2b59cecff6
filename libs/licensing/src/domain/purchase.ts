import type { LicenseType } from '#sdk/formats';
import type { TermsPatch } from './terms.js';

/** What the tenant's subscription says of its licence. Instants are ISO 8601. */
export interface Purchase {
  /** Of the subscription, which grows: what is told late changes nothing. */
  revision: number;
  state: string;
  /** `full`: what was bought. `free`: what Free gives. `none`: nothing, the licence is suspended. */
  access: 'full' | 'free' | 'none';
  plan: LicenseType;
  /** Seats bought; null: as the plan says. */
  seats: number | null;
  /** No lease holds longer; null: as long as the terms let it. */
  offlineUntil: string | null;
}

/**
 * The plan that a licence is on by its purchase: what was bought, or Free while that is not paid for, also where the licence
 * is suspended besides: what tokens and limits say must not grow by that.
 */
export const planBy = ({ access, plan }: Purchase): LicenseType => (access === 'full' ? plan : 'FREE');

/** What a purchase changes of the plan's terms: a layer between policy and what operators say. */
export const termsBy = (purchase: Purchase | null): TermsPatch =>
  purchase?.access === 'full' && purchase.seats !== null ? { seats: purchase.seats } : {};
