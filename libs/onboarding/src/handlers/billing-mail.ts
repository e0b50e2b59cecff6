import { html, type PayloadOf } from '#platform';
import type { NoticeRaised } from '#billing/events';

type Notice = PayloadOf<typeof NoticeRaised>;

/** The day alone: nobody's card is charged by the minute. */
const dayOf = (instant: string | null) => (instant ? `${instant.slice(0, 10)} (UTC)` : 'soon');

/** Minor units, as people read them. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency: currency.toUpperCase() });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** What stands in it, a paragraph each. */
function paragraphs(organization: string, notice: Notice): { subject: string; text: string[] } {
  const { planName: plan, amountDue, currency, trialEnd, endsAt, restrictsAt, suspendsAt } = notice;
  const owed = amountDue !== null && currency ? ` of ${money(amountDue, currency)}` : '';
  const pay = 'Put the card right, or pay the invoice, under Billing.';
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
        text: [`${plan} was cancelled and goes on after all.`],
      };
    case 'cancelled':
      return {
        subject: `The subscription of ${organization} has ended`,
        text: [`${plan} has ended, and ${organization} is on Free. What it owns stays.`],
      };
  }
}

/** A mail to one of those whom it concerns what an organisation pays. */
export function billingMail(organization: string, name: string | null, notice: Notice) {
  const { subject, text } = paragraphs(organization, notice);
  const all = [name ? `Hello ${name},` : 'Hello,', ...text];
  return { subject, text: all.join('\n\n'), html: html`${all.map((one) => html`<p>${one}</p>`)}`.toString() };
}
