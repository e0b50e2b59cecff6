import { escape, page } from '../../plain-page.js';
import { DAY, HOUR } from '../clock.js';
import { advanceClock } from '../control.js';
import type { Controlled } from '../control.js';
import { StripeRefusal } from '../errors.js';
import { collectOrThrow } from '../life/collection.js';
import { periodOf } from '../objects/subscription-shape.js';
import type { Shown } from './shown.js';
import { button, money, table, time } from './parts-of-pages.js';

const NEWEST = 50;
const MONTH_DAYS = 31;

/** What a developer looks at: who there is, what they pay, what was sent. */
export function dashboard({ books, webhooks }: Controlled): Shown {
  const newest = <T>(all: T[]): T[] => all.slice(-NEWEST).reverse();
  const customers = newest(books.store.all('customer')).map((one) => [
    escape(one.id),
    escape(one.email ?? ''),
    escape(one.metadata.tenant_id ?? ''),
    one.delinquent ? 'owes' : '',
    button('Fail its next payment', { action: 'fail', customer: one.id }),
  ]);
  const subscriptions = newest(books.store.all('subscription')).map((one) => [
    escape(one.id),
    escape(one.customer),
    escape(
      one.items.data
        .map((item) => `${item.quantity ?? 'uses'} × ${item.price.lookup_key ?? item.price.id}`)
        .join(', '),
    ),
    escape(one.status),
    one.cancel_at === null ? `until ${time(periodOf(one).end)}` : `ends ${time(one.cancel_at)}`,
  ]);
  const invoices = newest(books.store.all('invoice')).map((one) => [
    `<a href="/invoices/${one.id}">${escape(one.number ?? one.id)}</a>`,
    escape(one.customer ?? ''),
    money(one.total, one.currency),
    escape(one.status ?? ''),
    one.next_payment_attempt === null ? '' : `tries again ${time(one.next_payment_attempt)}`,
    one.status === 'open' ? button('Pay', { action: 'pay', invoice: one.id }) : '',
  ]);
  const events = newest(books.store.all('event')).map((one) => {
    const sent = webhooks.list().filter((delivery) => delivery.event === one.id);
    return [
      time(one.created),
      escape(one.type),
      escape(one.id),
      escape(
        sent
          .map((delivery) => `${delivery.state}${delivery.answer === null ? '' : ` (${delivery.answer})`}`)
          .join(', '),
      ),
      button('Send again', { action: 'redeliver', event: one.id }),
    ];
  });
  const { clock } = books;
  const ahead = clock.secondsAhead === 0 ? '' : `, ${shownAhead(clock.secondsAhead)} ahead of this machine`;
  const body = `<h1>Stripe, local</h1><p>No real one: nothing here costs or pays anything. Its time is ${time(clock.now())} UTC${ahead}.</p>
${button('Advance an hour', { action: 'advance', days: String(1 / 24) })} ${button('Advance a day', { action: 'advance', days: '1' })} ${button('Advance a month', { action: 'advance', days: String(MONTH_DAYS) })}
<h2>Customers</h2>${table(['Id', 'E-mail', 'Tenant', '', ''], customers)}
<h2>Subscriptions</h2>${table(['Id', 'Customer', 'Plan', 'Status', ''], subscriptions)}
<h2>Invoices</h2>${table(['Number', 'Customer', 'Amount', 'Status', '', ''], invoices)}
<h2>Events</h2>${table(['Time', 'Type', 'Id', 'Deliveries', ''], events)}`;
  return { html: page('Stripe, local', body) };
}

function shownAhead(seconds: number): string {
  return seconds < DAY ? `${Math.round(seconds / HOUR)} hours` : `${Math.round(seconds / DAY)} days`;
}

export function dashboardSubmitted({ books, webhooks }: Controlled, form: URLSearchParams): Shown {
  const action = form.get('action');
  if (action === 'fail')
    books.declines.push({
      customer: form.get('customer') ?? undefined,
      decline_code: 'generic_decline',
      times: 1,
    });
  if (action === 'pay') pay({ books }, form.get('invoice') ?? '');
  if (action === 'redeliver') webhooks.redeliver(form.get('event') ?? '');
  if (action === 'advance')
    advanceClock(books, Math.max(0, Math.min(400, Number(form.get('days')) || 0)) * DAY);
  return { redirect: '/' };
}

function pay({ books }: Pick<Controlled, 'books'>, id: string): void {
  books.transact(
    () => collectOrThrow(books, books.need('invoice', id)),
    (error) => error instanceof StripeRefusal && error.keeps,
  );
}
