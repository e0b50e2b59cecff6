import { newActivationRequest } from '../activation.js';
import { ApiError } from '../api/api-error.js';
import { GatehouseApi } from '../api/gatehouse-api.js';
import type { AnswerSignatures } from '../api/transport.js';
import { toHex } from '../crypto/client-crypto.js';
import type { ActivationRequest } from '../formats/activation.js';
import { verifyResponseSignature } from '../formats/http-signature.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { Emitter, type Listener } from './emitter.js';
import type { LicenseEvents } from './events.js';
import type { LicenseClientOptions } from './license-client-options.js';
import { type ClientPieces, openPieces } from './client-pieces.js';
import type { ClientPlatform } from './platform.js';
import { type LicenseStatus, statusOf } from './status.js';
import { QuotaExhausted, type UseResult } from './usage-meter.js';

/** After these a wait may help: seats come free, a server gets back on its feet. */
const WORTH_WAITING: readonly (number | null)[] = [409, 429, 503];
const DEFAULT_RETRY_S = 5;
/** What ending may take, ms: whoever sent SIGTERM does not wait for ever. */
const CLOSE_MS = 3_000;

/**
 * Holds a seat of a licence while a program runs, and knows at any moment what the program may do: `start`, ask
 * `entitled`, `close`. Heartbeats, renewals and reports of use go on in the background, at the pace the server tells, and
 * keep no program from ending. A network that fails makes it warn and go on (S1-45): what the licence comes to is
 * leaseState's verdict alone.
 */
export class PortableLicenseClient {
  /** The API beneath, with the same bearer. */
  readonly api: GatehouseApi;
  private readonly events = new Emitter<LicenseEvents>();
  private opening: Promise<ClientPieces> | null = null;
  private opened: ClientPieces | null = null;
  private closing: Promise<void> | null = null;
  private isStarted = false;
  private forgetEnd: (() => void) | null = null;
  private readonly sleepers = new Set<() => void>();

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(
    private readonly options: LicenseClientOptions,
    private readonly platform: ClientPlatform,
  ) {
    this.api = new GatehouseApi({
      url: options.url,
      allowHttp: options.allowHttp,
      fetch: options.fetch,
      userAgent: platform.userAgent,
      bearer: options.bearer ?? platform.bearer,
      timeoutMs: options.timeoutMs,
      after: (ms, work) => platform.time.after(ms, work),
      signatures: options.signedAnswers ? this.signatures() : undefined,
    });
  }

  /** Gives what takes the listener away again. */
  on<K extends keyof LicenseEvents>(event: K, listener: Listener<LicenseEvents[K]>): () => void {
    return this.events.on(event, listener);
  }

  /** The same, for one time. */
  once<K extends keyof LicenseEvents>(event: K, listener: Listener<LicenseEvents[K]>): () => void {
    return this.events.once(event, listener);
  }

  /**
   * Reads what is remembered, takes a seat and begins to keep it. Resolves also when the server refuses or is away: the
   * status says so. `wait`: how long to wait for a seat when all are taken, ms.
   */
  async start({ wait = 0 }: { wait?: number } = {}): Promise<LicenseStatus> {
    const { stores, pulse } = await this.open();
    if (this.closing) throw new Error('This client was closed.');
    if (!this.isStarted) {
      this.isStarted = true;
      pulse.begin();
      // At worst the seat is given back early, and the next heartbeat takes another.
      await stores.holders.join().catch(() => undefined);
      this.forgetEnd = this.platform.onEnd?.(() => this.close()) ?? null;
    }
    await this.acquire({ wait }).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
    return this.status();
  }

  /** Reads what is remembered and asks nobody: `status` and `entitled` work from here on. */
  async load(): Promise<LicenseStatus> {
    await this.open();
    return this.status();
  }

  /**
   * Takes a seat, or renews the lease of the one held. `wait`: how long to go on asking, ms, as the server tells, while
   * every seat is taken. Throws ApiError when it came to nothing.
   */
  async acquire({ wait = 0 }: { wait?: number } = {}): Promise<LicenseStatus> {
    const { pulse } = await this.open();
    for (let left = wait; ;) {
      try {
        await pulse.acquire();
        return this.status();
      } catch (error) {
        const isWorthIt = error instanceof ApiError && WORTH_WAITING.includes(error.status);
        if (!isWorthIt || left <= 0) throw error;
        const seconds = Math.max(1, error.retryAfterSeconds ?? DEFAULT_RETRY_S);
        const nextInMs = Math.min(left, Math.round(seconds * 1000 * (1 + this.platform.time.random() / 10)));
        this.events.emit('waiting', { position: this.ready().keeper.position, nextInMs });
        await pulse.whileWaiting(() => this.sleep(nextInMs));
        // Woken because it is over: a seat taken now would be nobody's.
        if (this.closing) throw error;
        left -= nextInMs;
      }
    }
  }

  /** What the program may do now. Throws Error before `start` or `load`. */
  status(): LicenseStatus {
    const { record, keeper, pulse } = this.ready();
    return statusOf(
      record.state(),
      {
        sessionId: record.sessionId,
        seats: keeper.taken,
        lastContactAt: pulse.lastContactAt,
        trouble: pulse.trouble,
      },
      this.options.free,
    );
  }

  /** Whether the program may do this now. Asks nobody, so ask as often as you like. Throws Error before `start`. */
  entitled(entitlement: string): boolean {
    return this.status().entitlements.includes(entitlement);
  }

  /**
   * Uses so much of a meter (a whole number), or nothing when less is left. By the server while it answers, else by what
   * is left to this machine, told on contact (C44). Throws ApiError 422 for a meter that the server does not know.
   */
  async use(meter: string, amount = 1): Promise<UseResult> {
    const { usage } = await this.open();
    return usage.use(meter, amount);
  }

  /** A handler that runs only while the meter lasts (S1-44). What it gives throws QuotaExhausted otherwise. */
  withQuota<A extends unknown[], R>(
    meter: string,
    handler: (...args: A) => R | Promise<R>,
    amount = 1,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const result = await this.use(meter, amount);
      if (!result.allowed) throw new QuotaExhausted(result);
      return handler(...args);
    };
  }

  /**
   * What a machine without a network asks for: encodeActivationRequest makes the file. Keep it until its answer is back.
   * Throws Error without a licence key or id.
   */
  async requestActivation(): Promise<ActivationRequest> {
    const { hardwareId } = await this.open();
    const { licenseKey, licenseId } = this.options;
    const { crypto, time } = this.platform;
    const common = { hardwareId, now: time.now() };
    if (licenseKey !== undefined) return newActivationRequest({ ...common, licenseKey }, crypto);
    if (licenseId !== undefined) return newActivationRequest({ ...common, licenseId }, crypto);
    throw new Error('An activation request needs a licence key or id.');
  }

  /** Takes the file that answers a request. Throws InvalidDocument when it does not, or its keys are not trusted. */
  async acceptActivation(text: string, request: ActivationRequest): Promise<LicenseStatus> {
    const { keys, record, pulse } = await this.open();
    await pulse.alone(async () => {
      const { lease, token } = await keys.accept(text, request);
      await record.apply({ kind: 'lease', lease, live: false }, { token });
    });
    return this.status();
  }

  /** Ends heartbeats and gives the seat back, unless another program of this machine uses it. Repeatable; never throws. */
  close(): Promise<void> {
    this.closing ??= this.end(async ({ stores, keeper, usage, pulse }) => {
      if (!this.isStarted) return;
      if (pulse.failures === 0) await usage.reconcile().catch(() => undefined);
      await stores.holders.leave(async () => {
        await keeper.release({ timeoutMs: CLOSE_MS, keepalive: true });
      });
    });
    return this.closing;
  }

  /**
   * Gives the seat back, whoever else uses it on this machine, and forgets the licence. False: the server did not answer,
   * and the seat lapses by itself.
   */
  async deactivate(): Promise<boolean> {
    const { stores, keeper, pulse } = await this.open();
    const isReleased = await pulse.alone(() => keeper.release({ timeoutMs: CLOSE_MS }));
    this.closing ??= this.end(() => stores.holders.leave(async () => undefined));
    await this.closing;
    await stores.offline.update(() => null);
    return isReleased;
  }

  private open(): Promise<ClientPieces> {
    this.opening ??= openPieces(this.options, this.platform, this.api, this.events).then((pieces) => {
      this.opened = pieces;
      return pieces;
    });
    return this.opening;
  }

  private ready(): ClientPieces {
    if (!this.opened) throw new Error('Call start() or load() first.');
    return this.opened;
  }

  private async end(work: (pieces: ClientPieces) => Promise<void>): Promise<void> {
    this.forgetEnd?.();
    for (const wake of [...this.sleepers]) wake();
    const pieces = await this.opening?.catch(() => null);
    if (!pieces) return;
    // What is under way may still bring a seat that has to be given back.
    const ending = pieces.pulse.end(() => work(pieces)).catch(() => undefined);
    await Promise.race([ending, this.sleep(CLOSE_MS)]);
    for (const wake of [...this.sleepers]) wake();
  }

  /** Keeps the program alive: somebody waits for it. */
  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.sleepers.delete(wake);
        resolve();
      };
      const cancel = this.platform.time.after(ms, wake, { keepAlive: true });
      this.sleepers.add(wake);
    });
  }

  private signatures(): AnswerSignatures {
    const { crypto } = this.platform;
    return {
      newNonce: () => toHex(crypto.randomBytes(16)),
      check: async (answer, request) => {
        const trust = this.opened?.keys.current;
        if (!trust) throw new InvalidDocument('UNKNOWN_KEY', 'No key of this server is trusted yet.');
        await verifyResponseSignature(answer, request, trust, { ...crypto, now: null });
      },
    };
  }
}
