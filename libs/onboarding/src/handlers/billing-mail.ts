import { html, type PayloadOf } from '#platform';
import type { NoticeRaised } from '#billing/events';

type Notice = PayloadOf<typeof NoticeRaised>;

/** The day alone: nobody's card is charged by the minute. */
const dayOf = (instant: string | null) => (instant ? `${instant.slice(0, 10)} (UTC)` : 'soon');

/**
 * What Stripe counts in units, and in thousandths; all else in hundredths, also where nobody has any
 * (docs.stripe.com/currencies#zero-decimal). What Intl says of digits is how people write a currency, and another thing.
 */
const IN_UNITS = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const IN_THOUSANDTHS = new Set('bhd jod kwd omr tnd'.split(' '));

function digitsOf(currency: string): number {
  if (IN_UNITS.has(currency)) return 0;
  return IN_THOUSANDTHS.has(currency) ? 3 : 2;
}

/** Minor units of Stripe's, as people read them. */
export function money(amount: number, currency: string): string {
  const digits = digitsOf(currency.toLowerCase());
  const value = amount / 10 ** digits;
  const fraction = Number.isInteger(value)
    ? {}
    : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const style = { style: 'currency', currency: currency.toUpperCase(), ...fraction } as const;
  return new Intl.NumberFormat('en-GB', style).format(value);
}

/** Why Stripe has paused a subscription, as people read it. */
const PAUSES: Readonly<Record<string, string>> = {
  final_payment_failure: 'its payment did not go through',
  first_payment_failure: 'its first payment did not go through',
  pause_requested: 'somebody has asked for it',
  trial_end_without_payment_method: 'its trial has ended without a card to pay from',
};

/** What is left while something is decided or paused. */
function meanwhile(organization: string, { access, plan, planName }: Notice, until: string): string[] {
  // It is over already: there is nothing to withhold.
  if (plan === 'FREE') return [];
  if (access === 'full') return [`Everything of ${planName} is there.`];
  if (access === 'none') return [`The licence of ${organization} is suspended until ${until}.`];
  return [`Until ${until}, ${organization} has what Free gives; what it owns stays.`];
}

const DECIDED: Readonly<Record<string, string>> = {
  won: 'The payment stands',
  lost: 'The bank has taken the payment back',
};

/** What stands in it, a paragraph each. */
function paragraphs(organization: string, notice: Notice): { subject: string; text: string[] } {
  const { planName: plan, amountDue, amount, currency, trialEnd, endsAt, restrictsAt, suspendsAt } = notice;
  const sum = amount !== null && currency ? money(amount, currency) : '';
  const owed = amountDue !== null && currency ? ` of ${money(amountDue, currency)}` : '';
  const pay = 'Put the card right, or pay the invoice, under Billing.';
  const forPlan = notice.plan === 'FREE' ? '' : ` for ${plan}`;
  switch (notice.kind) {
    case 'subscribed':
      return {
        subject: `${organization} is on ${plan}`,
        text: [
          `${organization} has subscribed to ${plan}. What the plan gives is there now.`,
          ...(trialEnd ? [`The trial costs nothing until ${dayOf(trialEnd)}.`] : []),
        ],
      };
    case 'trial_ending':
      return {
        subject: `The trial of ${organization} ends soon`,
        text: [
          `The trial of ${plan} ends on ${dayOf(trialEnd)}; from then on it is paid for. Cancel before that if you do not want it.`,
        ],
      };
    case 'payment_failed':
      return {
        subject: `A payment of ${organization} failed`,
        text: [
          `The payment${owed} for ${plan} did not go through.`,
          `Everything goes on until ${dayOf(restrictsAt)}. ${pay}`,
        ],
      };
    case 'restricted':
      return {
        subject: `${organization} is restricted to what is free`,
        text: [
          `The payment${owed} for ${plan} is still open, so ${organization} has for now what Free gives.`,
          `On ${dayOf(suspendsAt)} its licence is suspended. ${pay} All of ${plan} is back as soon as it is paid.`,
        ],
      };
    case 'suspended':
      return {
        subject: `The licence of ${organization} is suspended`,
        text: [
          `The payment${owed} for ${plan} is still open, so the licence of ${organization} is suspended.`,
          `${pay} All of ${plan} is back as soon as it is paid.`,
        ],
      };
    case 'recovered':
      return {
        subject: `${organization} is on ${plan} again`,
        text: [`The payment has arrived, and all of ${plan} is there. Thank you.`],
      };
    case 'ending':
      return {
        subject: `The subscription of ${organization} ends`,
        text: [
          `${plan} was cancelled and ends on ${dayOf(endsAt)}; ${organization} is on Free afterwards. Until then it can be resumed under Billing.`,
        ],
      };
    case 'resumed':
      return {
        subject: `The subscription of ${organization} goes on`,
        text: [
          notice.reason === 'paused'
            ? `${plan} was paused and goes on; everything of it is there.`
            : `${plan} was cancelled and goes on after all.`,
        ],
      };
    case 'cancelled':
      return {
        subject: `The subscription of ${organization} has ended`,
        text: [`${plan} has ended, and ${organization} is on Free. What it owns stays.`],
      };
    case 'paused':
      return {
        subject: `The subscription of ${organization} is paused`,
        text: [
          `${plan} is paused${notice.reason && PAUSES[notice.reason] ? `: ${PAUSES[notice.reason]}` : ''}.`,
          notice.access === 'full'
            ? `Everything of it goes on, and nothing is charged for now.`
            : `${organization} has what Free gives until it goes on. Cards and invoices are under Billing.`,
        ],
      };
    case 'refunded':
      return {
        subject: `${organization} gets a payment back`,
        text: [
          `${sum || 'What was paid'}${forPlan} was refunded. It takes a few days until the bank shows it.`,
          ...(notice.access === 'full' ? [] : meanwhile(organization, notice, 'the next payment')),
        ],
      };
    case 'disputed':
      return {
        subject: `A payment of ${organization} is disputed`,
        text: [
          `A bank was asked to take back ${sum ? `${sum} that` : 'what'} was paid${forPlan}.`,
          ...meanwhile(organization, notice, 'it is decided'),
          'If that is a mistake, ask the bank to withdraw it.',
        ],
      };
    case 'dispute_closed':
      return {
        subject: `The dispute about a payment of ${organization} is decided`,
        text: [
          `${DECIDED[notice.reason ?? ''] ?? 'The bank asks no more'}${sum ? `: ${sum}${forPlan}` : ''}.`,
          ...meanwhile(organization, notice, 'the next payment'),
        ],
      };
  }
}

/** A mail to one of those whom it concerns what an organisation pays. */
export function billingMail(organization: string, name: string | null, notice: Notice) {
  const { subject, text } = paragraphs(organization, notice);
  const all = [name ? `Hello ${name},` : 'Hello,', ...text];
  return { subject, text: all.join('\n\n'), html: html`${all.map((one) => html`<p>${one}</p>`)}`.toString() };
}
