import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { type OpenDispute, OpenDisputes } from '../persistence/open-disputes.js';

const LIMIT = 500;

/** The payments that a bank may take back, of all tenants: answered at Stripe, or lost. Operators only. */
@Injectable()
export class ListDisputes {
  constructor(private readonly disputes: OpenDisputes) {}

  /** Those first that have to be answered first; at most 500. */
  async execute(actor: Actor): Promise<OpenDispute[]> {
    actor.must('operator:billing');
    return this.disputes.list(LIMIT);
  }
}
