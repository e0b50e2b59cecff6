import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import type { Fallback } from '#sdk/formats';
import { type Terms, termsAt } from '../domain/terms.js';
import { Catalogue } from '../persistence/catalogue.js';

const FREE_PLAN = 'FREE';

/** What is left to a client whose lease has ended: the Free plan as it is sold. Read once a catalogue. */
@Injectable()
export class FreeFallback {
  private kept: { catalogueRevision: number; fallback: Promise<Fallback | undefined> } | null = null;

  constructor(private readonly catalogue: Catalogue) {}

  /** Undefined when the catalogue sells no Free plan: clients then go by what they were built with. */
  async at(actor: Actor, catalogueRevision: number): Promise<Fallback | undefined> {
    if (this.kept?.catalogueRevision !== catalogueRevision) {
      const kept = { catalogueRevision, fallback: this.read(actor) };
      kept.fallback.catch(() => {
        if (this.kept === kept) this.kept = null;
      });
      this.kept = kept;
    }
    return this.kept.fallback;
  }

  private async read(actor: Actor): Promise<Fallback | undefined> {
    const offer = await this.catalogue.offer(actor, { plan: FREE_PLAN });
    if (!offer) return undefined;
    const terms = termsAt({ ...offer, tenant: [], license: [], tenantMode: null }, new Date(0));
    return { plan: offer.tier, entitlements: terms.entitlements, allowances: allowancesOf(terms) };
  }
}

/** Of meters that reset daily, or never run out: others give nothing to who cannot be counted. */
const allowancesOf = ({ meters }: Terms): Fallback['allowances'] =>
  Object.entries(meters)
    .filter(([, { limit, period }]) => limit === null || period === 'day')
    .map(([meter, { limit }]) => ({ meter, perDay: limit }));
