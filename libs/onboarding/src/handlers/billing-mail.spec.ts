import { NoticeRaised } from '#billing/events';
import type { PayloadOf } from '#platform';
import { billingMail, money } from './billing-mail.js';

const notice = (kind: PayloadOf<typeof NoticeRaised>['kind']) =>
  NoticeRaised.schema.parse({
    kind,
    key: `${kind}:in_1`,
    plan: 'TEAM',
    planName: 'Team',
    amountDue: 9900,
    currency: 'usd',
    trialEnd: null,
    endsAt: null,
    restrictsAt: '2026-02-08T00:00:00.000Z',
    suspendsAt: '2026-02-22T00:00:00.000Z',
  }) as PayloadOf<typeof NoticeRaised>;

describe('mails about what is paid (S1-52)', () => {
  it('say what is owed, and what happens when', () => {
    const { subject, text } = billingMail('Acme', 'Ada', notice('payment_failed'));
    expect(subject).toBe('A payment of Acme failed');
    expect(text).toContain('US$99.00');
    expect(text).toContain('until 2026-02-08');
    expect(billingMail('Acme', null, notice('restricted')).text).toContain('On 2026-02-22');
  });

  it('take no markup from a name', () => {
    expect(billingMail('<b>Acme</b>', null, notice('cancelled')).html).not.toContain('<b>');
  });

  it('know currencies without cents', () => expect(money(9900, 'jpy')).toMatch(/9,900$/));
});
