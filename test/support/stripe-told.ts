import type { LocalStripe } from '../../apps/local/stripe/local-stripe.js';

/** The object of an event, as far as it says whom it is about. */
interface About {
  id: string;
  customer?: string;
  invoice?: string;
  charge?: string;
}

interface ToldEvent {
  id: string;
  body: string;
}

/** What a local Stripe tells of each customer, in order, for a test that delivers it by itself. */
export class Told {
  /** Of every event that was taken. */
  readonly ids: string[] = [];
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
    this.ids.push(...found.map((one) => one.id));
    return found;
  }

  private look(): void {
    const all = this.local.books.store.all('event');
    const from = all.findLastIndex((one) => one.id === this.last) + 1;
    for (const event of all.slice(from)) {
      const of = this.customerOf(event.data.object as About);
      const events = this.byCustomer.get(of) ?? [];
      events.push({ id: event.id, body: JSON.stringify(event) });
      this.byCustomer.set(of, events);
    }
    this.last = all.at(-1)?.id;
  }

  /** What has no customer is its invoice's or its charge's; a test clock's events go by the clock. */
  private customerOf({ id, customer, invoice, charge }: About): string {
    if (customer) return customer;
    const { store } = this.local.books;
    const through = (invoice && store.get('invoice', invoice)) ?? (charge && store.get('charge', charge));
    return (through as About | undefined)?.customer ?? id;
  }
}
