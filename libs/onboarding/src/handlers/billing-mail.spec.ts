import { NoticeRaised } from '#billing/events';
import type { PayloadOf } from '#platform';
import { billingMail, money } from './billing-mail.js';

type Payload = PayloadOf<typeof NoticeRaised>;

const notice = (kind: Payload['kind'], more: Partial<Payload> = {}) =>
  NoticeRaised.schema.parse({
    kind,
    key: `${kind}:in_1`,
    plan: 'TEAM',
    planName: 'Team',
    access: 'full',
    amountDue: 9900,
    amount: null,
    currency: 'usd',
    reason: null,
    respondBy: null,
    trialEnd: null,
    endsAt: null,
    restrictsAt: '2026-02-08T00:00:00.000Z',
    suspendsAt: '2026-02-22T00:00:00.000Z',
    ...more,
  }) as Payload;

describe('mails about what is paid (S1-52)', () => {
  it('say what is owed, and what happens when', () => {
    const { subject, text } = billingMail('Acme', 'Ada', notice('payment_failed'));
    expect(subject).toBe('A payment of Acme failed');
    expect(text).toContain('US$99.00');
    expect(text).toContain('until 2026-02-08');
    expect(billingMail('Acme', null, notice('restricted')).text).toContain('On 2026-02-22');
  });

  it('say what is taken back, and what is left meanwhile', () => {
    const text = (kind: Payload['kind'], more: Partial<Payload>) =>
      billingMail('Acme', null, notice(kind, { amount: 9900, ...more })).text;
    expect(text('refunded', {})).toContain('US$99.00 for Team was refunded');
    expect(text('refunded', {})).not.toContain('Free');
    expect(text('disputed', { access: 'free' })).toMatch(
      /US\$99\.00 that was paid for Team[^]*Until it is decided, Acme has what Free gives/,
    );
    expect(text('disputed', { access: 'none' })).toContain('suspended until it is decided');
    expect(text('dispute_closed', { reason: 'won' })).toMatch(
      /payment stands[^]*Everything of Team is there/,
    );
    expect(text('dispute_closed', { reason: 'lost', access: 'free' })).toMatch(
      /taken the payment back[^]*Free/,
    );
    expect(text('dispute_closed', { reason: 'warning_closed' })).toContain('The bank asks no more');
  });

  it('say why something is paused, and what goes on', () => {
    const paused = (reason: string, access: Payload['access']) =>
      billingMail('Acme', null, notice('paused', { reason, access })).text;
    expect(paused('trial_end_without_payment_method', 'free')).toMatch(/without a card[^]*what Free gives/);
    expect(paused('collection_keep_as_draft', 'full')).toMatch(
      /Team is paused\.[^]*Everything of it goes on/,
    );
    expect(billingMail('Acme', null, notice('resumed', { reason: 'paused' })).text).toContain('was paused');
  });

  it('take no markup from a name', () => {
    expect(billingMail('<b>Acme</b>', null, notice('cancelled')).html).not.toContain('<b>');
  });

  it('know in what Stripe counts a currency, whatever people write of it', () => {
    const inUnits = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
    for (const one of inUnits)
      expect([one, money(9900, one)]).toEqual([one, expect.stringMatching(/\D9,900$/)]);
    for (const one of ['BHD', 'JOD', 'KWD', 'OMR', 'TND'])
      expect([one, money(9900, one)]).toEqual([one, expect.stringMatching(/\D9\.900$/)]);
    // Of these nobody writes hundredths; a sum was named a hundred times too large.
    const inHundredths = 'ISK UGX HUF TWD COP IDR PKR ALL LBP LAK MMK AFN YER SOS'.split(' ');
    for (const one of inHundredths)
      expect([one, money(9900, one)]).toEqual([one, expect.stringMatching(/\D99(\.00)?$/)]);
    expect(money(9950, 'huf')).toMatch(/\D99\.50$/);
    expect(money(9900, 'usd')).toBe('US$99.00');
    expect(money(9950, 'eur')).toBe('€99.50');
  });
});
