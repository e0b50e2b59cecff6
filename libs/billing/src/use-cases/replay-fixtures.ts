import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError, HttpConfig } from '#platform';
import { BillingConfig, isLive, isThisMachine } from '../billing.config.js';
import type { Linted } from '../fixtures/lint-fixtures.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { StripeArchive } from '../persistence/stripe-archive.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { webhookUrl } from '../stripe/webhook-url.js';

/** How often a worker is asked for, in ms, and how many times. */
const LOOK_MS = 250;
const LOOKS = 120;

const isOriginHere = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && isThisMachine(url) && url.pathname === '/' && !url.search && !url.hash;
};

export const ReplayFixturesInput = z.strictObject({
  /** Another address of a Gatehouse with the same settings; left out: BASE_URL. */
  to: z
    .string()
    .refine(isOriginHere, 'must be an origin of this machine, like http://127.0.0.1:3000')
    .optional(),
  /** Whom they are about instead; left out: whom they were recorded of. */
  customerId: z
    .string()
    .regex(/^cus_\w{4,60}$/, 'must be the id of a customer, cus_...')
    .optional(),
  /** As they were recorded, so that a second time is a repetition; otherwise each gets an id of its own. */
  keepsIds: z.boolean().default(false),
});

export interface SentFixture {
  file: string;
  id: string;
  /** What the intake answered; null: nothing. */
  status: number | null;
  problem: string | null;
}

export interface Outcome {
  status: string;
  failure: string | null;
  count: number;
}

/**
 * Plays Stripe: signs recorded webhooks with our own secrets and posts them to our own intake, which cannot tell the
 * difference. What they say is believed no more than what Stripe says: they are a reason to look. Operators only.
 */
@Injectable()
export class ReplayFixtures {
  constructor(
    private readonly config: BillingConfig,
    private readonly http: HttpConfig,
    private readonly client: StripeClient,
    private readonly archive: StripeArchive,
    private readonly log: OperatorLog,
    private readonly clock: Clock,
  ) {}

  /**
   * One after the other, until one is not answered. Throws 409 `FIXTURES_REFUSED` where a live key says that money is
   * moved, and where nothing could check the signature.
   */
  async *execute(
    actor: Actor,
    fixtures: readonly (Linted & { text: string })[],
    { to, customerId, keepsIds }: z.output<typeof ReplayFixturesInput>,
  ): AsyncGenerator<SentFixture, void> {
    const secrets = this.may(actor);
    const url = to ? webhookUrl({ baseUrl: new URL(to).origin }) : webhookUrl(this.http);
    await this.log.append(actor, 'STRIPE_FIXTURES_SENT', { url, count: fixtures.length });
    for (const { file, text, isThin, id } of fixtures) {
      const sentId = keepsIds ? id! : `evt_${randomBytes(12).toString('hex')}`;
      const about = customerId ? text.replace(/\bcus_\w+/g, customerId) : text;
      const body = keepsIds
        ? about
        : JSON.stringify({ ...(JSON.parse(about) as Record<string, unknown>), id: sentId }, null, 2);
      const answer = await this.post(url, body, isThin ? secrets.thin : secrets.snapshot);
      yield { file, id: sentId, ...answer };
      if (answer.status === null) return;
    }
  }

  /** What became of those events, once a worker has decided about all of them, or has had half a minute for it. */
  async outcomes(actor: Actor, ids: readonly string[]): Promise<Outcome[]> {
    actor.must('operator:billing');
    for (let look = 1; ; look++) {
      const found = await this.archive.outcomes(ids);
      if (look === LOOKS || !found.some((one) => one.status === 'received')) return found;
      await delay(LOOK_MS);
    }
  }

  private may(actor: Actor): { snapshot: string; thin: string } {
    actor.must('operator:billing');
    const { secretKey, webhookSecret, thinWebhookSecret } = this.config;
    if (secretKey && isLive(secretKey))
      throw new DomainError(
        'conflict',
        'FIXTURES_REFUSED',
        'A live key moves money: nothing is played there.',
      );
    if (!webhookSecret) {
      const message = 'Every webhook is refused here: STRIPE_WEBHOOK_SECRET is not set.';
      throw new DomainError('conflict', 'FIXTURES_REFUSED', message);
    }
    return { snapshot: webhookSecret, thin: thinWebhookSecret ?? webhookSecret };
  }

  private async post(
    url: string,
    payload: string,
    secret: string,
  ): Promise<Pick<SentFixture, 'status' | 'problem'>> {
    const { webhooks } = await this.client.get();
    const timestamp = Math.floor(this.clock.now().getTime() / 1_000);
    const signature = webhooks.generateTestHeaderString({ payload, secret, timestamp });
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'stripe-signature': signature },
        body: payload,
        redirect: 'error',
        signal: AbortSignal.timeout(this.config.timeoutMs),
      });
      const text = await answer.text();
      return { status: answer.status, problem: answer.ok ? null : text.slice(0, 200) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { status: null, problem: cause instanceof Error ? cause.message || message : message };
    }
  }
}
