import { createHmac } from 'node:crypto';
import { eventually } from './eventually.js';
import { type RegisteredBody, signUp } from './person.js';
import { type Product, type ProductProcess, sellCatalogue, startProduct } from './product.js';
import { type JourneyStripe, startStripe } from './stripe.js';
import { Told } from './stripe-told.js';
import { type Sender, type Sent, Wire } from './wire.js';

/** What takes minutes in production takes a second here; nothing is parked because workers were killed over it. */
const IMPATIENT = {
  BILLING_APPLY_IDLE_MS: '50',
  BILLING_APPLY_RETRY_MS: '200',
  OUTBOX_POLL_MS: '50',
  EVENTS_MAX_ATTEMPTS: '1000',
};

/** What sends, and measures; a drill has one in a process of its own. */
export type Sending = new (url: string, connections: number) => Sender;

/** The product with two workers, and a Stripe whose events nobody sends but the test. */
export class BillingStage {
  private constructor(
    readonly product: Product,
    readonly stripe: JourneyStripe,
    readonly workers: ProductProcess[],
    private readonly sending: Sending,
  ) {}

  static async start(settings: Record<string, string> = {}, sending: Sending = Wire): Promise<BillingStage> {
    const stripe = await startStripe();
    const product = await startProduct({ ...IMPATIENT, ...stripe.settings, ...settings });
    const stage = new BillingStage(product, stripe, [product.worker], sending);
    const [second] = await Promise.all([product.startWorker(), sellCatalogue(product)]);
    stage.workers.push(second);
    return stage;
  }

  /** Everything that this Stripe has told from now on. */
  listen(): Told {
    return new Told(this.stripe.local);
  }

  tenants(count: number): Promise<RegisteredBody[]> {
    return Promise.all(Array.from({ length: count }, () => signUp(this.product.api.url)));
  }

  /** Connections to where webhooks go, or to `url`. */
  wire(connections: number, url = `${this.product.v1}/billing/webhooks/stripe`): Wire {
    return new Wire(url, connections);
  }

  /** The same, whose times are read. */
  measured(connections: number, url = `${this.product.v1}/billing/webhooks/stripe`): Sender {
    return new this.sending(url, connections);
  }

  /** A body as Stripe sends it. */
  signed(body: string): Sent {
    const secret = this.stripe.settings.STRIPE_WEBHOOK_SECRET!;
    const at = Math.floor(Date.now() / 1_000);
    const mark = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return {
      body,
      headers: { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${mark}` },
    };
  }

  /** SIGKILL, then another one in its place. */
  async replaceWorker(at: number): Promise<void> {
    await this.workers[at]!.kill();
    this.workers[at] = await this.product.startWorker();
  }

  async restartApi(): Promise<void> {
    const { port } = new URL(this.product.api.url);
    this.product.api = await this.product.startApi({ PORT: port });
  }

  /** Events of Stripe that nobody has decided about yet; of `ids`, or of all. */
  async waiting(ids: readonly string[] | null = null): Promise<number> {
    const [row] = await this.product.query<{ n: number }>(
      `select count(*)::int as n from billing.stripe_events
       where status = 'received' and ($1::text[] is null or id = any ($1))`,
      [ids],
    );
    return row!.n;
  }

  /** The most that anything was tried: an event of Stripe's, as far as it counts, and one of ours by a handler. */
  async tries(): Promise<{ applying: number; handling: number }> {
    const [row] = await this.product.query<{ applying: number; handling: number }>(
      `select (select coalesce(max(attempts - excused), 0)::int from billing.stripe_events) as applying,
         (select coalesce(max(attempts), 0)::int from platform.inbox) as handling`,
    );
    return row!;
  }

  /** Events of Stripe and of ours that something still has to follow from. */
  private async open(): Promise<number> {
    const [row] = await this.product.query<{ n: number }>(
      'select count(*)::int as n from platform.outbox where settled_at is null',
    );
    return row!.n + (await this.waiting());
  }

  /** Waits as long as there is progress: how fast a busy machine is proves nothing. */
  async settled(withinMs = 60_000): Promise<void> {
    for (let left = await this.open(); left > 0;) {
      await eventually(
        async () => {
          const now = await this.open();
          const isLess = now < left;
          left = Math.min(left, now);
          return isLess;
        },
        { withinMs, everyMs: 100 },
      );
    }
  }

  async stop(): Promise<void> {
    await this.product.stop();
    await this.stripe.stop();
  }
}

/** What a drill does unless the environment asks for another size. */
export const sized = (name: string, whole: number): number => Number(process.env[name] ?? whole);

export const say = (line: string): void => void process.stdout.write(`  ${line}\n`);
