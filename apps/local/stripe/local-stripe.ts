import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZodError } from 'zod';
import { Api } from './api.js';
import { Books } from './books.js';
import type { Settings } from './books.js';
import { Clock } from './clock.js';
import { control } from './control.js';
import type { Controlled } from './control.js';
import { StripeRefusal } from './errors.js';
import { Faults } from './faults.js';
import { bodyOf, isForUs, sendJson } from './http.js';
import { IdempotencyKeys } from './idempotency.js';
import { followInvoices } from './life/aftermath.js';
import { runDue } from './life/due.js';
import { createDestination } from './objects/event-destinations.js';
import { createEndpoint } from './objects/webhook-endpoints.js';
import { servePage } from './pages/pages.js';
import { Snapshot } from './snapshot.js';
import { Webhooks } from './webhooks.js';
import type { WebhookOptions } from './webhooks.js';

export interface LocalStripeOptions {
  /** Without one that of the run before, if it is free, else any. */
  port?: number;
  /** The secret keys it accepts; without any, every one that looks like a test key. */
  apiKeys?: string[];
  /** An endpoint for everything, made at start unless the snapshot has it; its thin events are signed alike. */
  webhook?: { url: string; secret: string };
  webhooks?: WebhookOptions;
  settings?: Partial<Settings>;
  /** The machine's milliseconds; tests bring their own. */
  realTime?: () => number;
  /** Where it keeps what it knows between runs. */
  snapshotFile?: string;
}

const TICK_MS = 1_000;
/** An endpoint of ours is told everything. */
const EVERYTHING = ['*'];

/** A Stripe on this machine: its API, its webhooks, its pages, and controls that no real one has. */
export class LocalStripe implements Controlled {
  readonly books: Books;
  readonly api: Api;
  readonly faults = new Faults();
  readonly webhooks: Webhooks;
  private readonly server: Server;
  private readonly snapshot: Snapshot | undefined;
  private readonly ticking: NodeJS.Timeout;

  private constructor(options: LocalStripeOptions) {
    const clock = new Clock(options.realTime);
    this.books = new Books(clock, undefined, (event) => this.webhooks.send(event));
    Object.assign(this.books.settings, options.settings);
    followInvoices(this.books);
    const keys = new IdempotencyKeys(clock);
    this.webhooks = new Webhooks(this.books, options.webhooks);
    this.api = new Api(this.books, this.faults, keys, options.apiKeys);
    this.snapshot =
      options.snapshotFile === undefined ? undefined : new Snapshot(options.snapshotFile, this.books, keys);
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.keepAliveTimeout = 60_000;
    this.ticking = setInterval(() => this.tick(), TICK_MS).unref();
  }

  static async start(options: LocalStripeOptions = {}): Promise<LocalStripe> {
    const stripe = new LocalStripe(options);
    const before = stripe.snapshot?.load();
    if (options.port !== undefined) await stripe.listen(options.port);
    else await stripe.listen(before ?? 0).catch(() => stripe.listen(0));
    stripe.books.baseUrl = stripe.url;
    if (options.webhook) stripe.sendWebhooksTo(options.webhook);
    return stripe;
  }

  private listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nothing is waited for: what hangs is cut off. */
  async stop(): Promise<void> {
    clearInterval(this.ticking);
    this.webhooks.stop();
    this.snapshot?.save();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** What is due by now. */
  private tick(): void {
    runDue(this.books, null, this.books.clock.now(), () => {});
    this.snapshot?.saveIfChanged();
  }

  /** One endpoint for all events, thin ones too; called again, it moves there. */
  sendWebhooksTo({ url, secret }: { url: string; secret: string }): void {
    const { store } = this.books;
    const known = store.all('webhook_endpoint').find((one) => one.metadata.made_at_start === 'true');
    const thin = store.all('v2.core.event_destination').find((one) => one.metadata?.made_at_start === 'true');
    const metadata = { made_at_start: 'true' };
    this.books.transact(() => {
      if (known) this.books.change<'webhook_endpoint'>(known, { url });
      else createEndpoint(this.books, { url, secret, enabled_events: EVERYTHING, metadata });
      if (thin) {
        const changes = { webhook_endpoint: { url }, enabled_events: EVERYTHING };
        this.books.change<'v2.core.event_destination'>(thin, changes);
      } else
        createDestination(this.books, {
          name: 'gatehouse',
          url,
          secret,
          enabled_events: EVERYTHING,
          metadata,
        });
    });
    for (const one of [known, thin]) if (one) store.note(one.id, { secret });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isForUs(request))
        return sendJson(response, 421, '{"error":"This server answers to 127.0.0.1 and localhost only."}');
      const url = new URL(request.url ?? '/', this.url);
      const body = await bodyOf(request);
      if (/^\/v[12]\//.test(url.pathname)) return await this.api.handle(request, response, url, body);
      if (url.pathname.startsWith('/_control/')) return await this.control(request, response, url, body);
      servePage(this, request, response, url, body);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      sendJson(response, 400, JSON.stringify({ error: message }));
    }
  }

  /** Browsers have no business there: they always say where they come from. */
  private async control(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    body: string,
  ): Promise<void> {
    if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
      return sendJson(response, 403, '{"error":"The controls are not for browsers."}');
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const asked = { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, body };
    try {
      const done = control(this, asked, gone.signal);
      if (!done)
        return sendJson(
          response,
          404,
          '{"error":"There is no such control; see apps/local/stripe/README.md."}',
        );
      sendJson(response, 200, JSON.stringify((await done.answer) ?? null));
    } catch (error) {
      if (!(error instanceof ZodError || error instanceof StripeRefusal || error instanceof SyntaxError))
        throw error;
      sendJson(response, 400, JSON.stringify({ error: error.message }));
    }
  }
}
