import type { LocalStripe } from '../../apps/local/stripe/local-stripe.js';

interface ToldEvent {
  id: string;
  body: string;
}

/** What a local Stripe tells of each customer, in order, for a test that delivers it by itself. */
export class Told {
  private readonly byCustomer = new Map<string, ToldEvent[]>();
  private last: string | undefined;

  constructor(private readonly local: LocalStripe) {
    this.last = local.books.store.all('event').at(-1)?.id;
  }

  /** Since it was asked last; `clock` is the customer's test clock. */
  take(customer: string, clock: string): ToldEvent[] {
    this.look();
    const found = [customer, clock].flatMap((of) => {
      const events = this.byCustomer.get(of) ?? [];
      this.byCustomer.delete(of);
      return events;
    });
    return found;
  }

  private look(): void {
    const all = this.local.books.store.all('event');
    const from = all.findLastIndex((one) => one.id === this.last) + 1;
    for (const event of all.slice(from)) {
      const object = event.data.object as { id: string; customer?: string; object: string };
      const of = object.customer ?? object.id;
      const events = this.byCustomer.get(of) ?? [];
      events.push({ id: event.id, body: JSON.stringify(event) });
      this.byCustomer.set(of, events);
    }
    this.last = all.at(-1)?.id;
  }
}
