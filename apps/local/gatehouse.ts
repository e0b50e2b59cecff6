import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takeInstanceLock } from './instance-lock.js';
import type { Part } from './parts/part.js';
import {
  bootstrapDatabase,
  migrateDatabase,
  portInUse,
  runAdmin,
  startApi,
  startWorker,
} from './parts/product.js';
import { environmentFile, program, root, runtimeFile, stateDirectory } from './paths.js';
import { freePort, isPortFree } from './ports.js';
import { removeAtExit } from './processes/guard.js';
import { endMarked } from './processes/process-table.js';
import { Refusal } from './refusal.js';
import { runtimeOf } from './runtime-file.js';
import type { Runtime } from './runtime-file.js';
import { keepPasswords, keepSecrets, parseSecrets, writePrivately } from './secrets-file.js';
import { databaseUrls, inDatabase, productSettings, readChoices } from './settings.js';
import { logDirectory, startSurroundings, stripe as startLocalStripe } from './surroundings.js';

const ROLES = ['app', 'system', 'migrator'] as const;

/** A whole Gatehouse on this machine: what `npm start` and `npm run dev` run. */
export class Gatehouse {
  private readonly surrounding = new Set<Part>();
  private readonly product = new Set<Part>();
  private readonly deaths: (sentence: string) => void;
  private readonly release: () => void;
  private env: NodeJS.ProcessEnv = {};
  private readonly abort = new AbortController();
  private starting: Promise<Runtime> | undefined;
  private runtime!: Runtime;

  /** Resolves with a sentence when a part ends that nobody stopped. */
  readonly died: Promise<string>;

  /** Throws a Refusal when one already runs from this clone. */
  constructor(private readonly caller: NodeJS.ProcessEnv) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.died = promise;
    this.deaths = resolve;
    mkdirSync(logDirectory, { recursive: true });
    this.release = takeInstanceLock(join(stateDirectory, 'start.pid'));
  }

  /** Starts everything, as much at once as possible, and writes runtime.json. Call stop() also when it throws. */
  start(): Promise<Runtime> {
    this.starting = this.startAll();
    return this.starting;
  }

  private async startAll(): Promise<Runtime> {
    const choices = readChoices(this.caller);
    if (choices.port !== 0 && !(await isPortFree(choices.port, choices.host))) throw portInUse(choices.port);
    const port = choices.port || (await freePort());

    this.unpublish();
    await endMarked('GATEHOUSE_LOCAL_RUN', root);
    process.env.GATEHOUSE_LOCAL_RUN = root;

    const keep = <T extends Part>(part: T) => this.watch(part, this.surrounding);
    const starting = startSurroundings(choices, keep);
    const secrets = this.secrets();
    const webhooks = `http://${reachable(choices.host)}:${port}/api/v1/billing/webhooks/stripe`;
    const startingStripe = startLocalStripe(choices, keep, this.caller, secrets, webhooks);
    const databases = starting.postgres.then((postgres) => this.database(postgres.url, postgres.used));
    // Wait for all before the first failure is told: what starts late has to be stopped, too.
    const all = await Promise.allSettled([databases, secrets, startingStripe, ...Object.values(starting)]);
    for (const one of all) if (one.status === 'rejected') throw one.reason;

    const [postgres, redis, firebase, mail, stripe] = await Promise.all([
      starting.postgres,
      starting.redis,
      starting.firebase,
      starting.mail,
      startingStripe,
    ]);
    const urls = await databases;
    this.env = productSettings(
      this.caller,
      {
        ...this.listening(choices.host, port),
        ...urls,
        REDIS_URL: redis.url,
        ...firebase.settings,
        ...mail.settings,
        ...stripe.settings,
      },
      {
        MAIL_FROM: 'Gatehouse <gatehouse@example.com>',
        // Whoever brings a Vault has a store of keys.
        ...(this.caller.AUTH_VAULT_ADDR ? {} : { AUTH_KEYS_DIR: join(stateDirectory, 'signing-keys') }),
        ...(await secrets),
      },
    );
    const [[api, worker]] = await Promise.all([this.startProduct(), this.sell(stripe.url)]);
    const database = new URL(urls.DATABASE_URL!).pathname.slice(1);
    return this.publish({
      api,
      worker,
      postgres: { ...postgres, url: inDatabase(postgres.url, database) },
      redis,
      firebase_auth: firebase,
      mail,
      stripe: { ...stripe, webhook_secret: this.env.STRIPE_WEBHOOK_SECRET ?? '' },
    });
  }

  /**
   * Brings API and worker up anew on what is in dist now, at the same address, the schema first if asked. Resolves with
   * false when everything is being stopped meanwhile. When it throws it can be called again.
   */
  async restartProduct({ migrate }: { migrate: boolean }): Promise<boolean> {
    const old = [...this.product];
    this.product.clear();
    await Promise.all(old.map((part) => part.stop()));
    if (migrate) await migrateDatabase({ env: this.env, ...this.logged('database') });
    if (this.abort.signal.aborted) return false;
    this.starting = this.startProduct().then(([api, worker]) =>
      this.publish({ ...this.runtime, api, worker }),
    );
    await this.starting;
    return true;
  }

  /** Whether there is anything to stop. */
  get isRunning(): boolean {
    return this.product.size + this.surrounding.size > 0;
  }

  /** The product first, so that it can finish what it has begun. Repeatable. */
  async stop(): Promise<void> {
    this.abort.abort();
    await this.stopParts();
    // What was still starting fails for want of the others, or is here by now.
    await this.starting?.catch(() => {});
    await this.stopParts();
    this.unpublish();
    this.release();
  }

  async kill(): Promise<void> {
    this.abort.abort();
    await Promise.all([...this.product, ...this.surrounding].map((part) => part.kill()));
    this.unpublish();
    this.release();
  }

  private async stopParts(): Promise<void> {
    await Promise.all([...this.product].map((part) => part.stop()));
    await Promise.all([...this.surrounding].map((part) => part.stop()));
  }

  /** `used`: it is ours and existed before. Then the same build has nothing to bootstrap again, which takes 1.2 s. */
  private async database(adminUrl: string, used: boolean): Promise<Record<string, string>> {
    const urls = databaseUrls(adminUrl, keepPasswords(join(stateDirectory, 'database-roles.json'), ROLES));
    const options = { env: productSettings(this.caller, urls, {}), ...this.logged('database') };
    const mark = join(stateDirectory, 'database-roles.made');
    const version = buildVersion();
    if (!used || !existsSync(mark) || readFileSync(mark, 'utf8') !== version) {
      await bootstrapDatabase(options);
      writePrivately(mark, version);
    }
    await migrateDatabase(options);
    return urls;
  }

  /** The local Stripe sells what plans.yaml says: somebody's own Stripe is theirs to change. */
  private async sell(localStripe: string | null): Promise<void> {
    if (!localStripe || this.env.ENABLE_BILLING !== 'true') return;
    const options = { env: this.env, ...this.logged('stripe-catalogue') };
    await runAdmin(['catalog', 'apply', '--reason', 'npm start'], options);
  }

  private secrets(): Promise<Record<string, string>> {
    const file = join(stateDirectory, 'secrets.env');
    const generate = async () => ({
      ...parseSecrets(
        await runAdmin(['secrets', 'generate'], {
          env: productSettings(this.caller, {}, {}),
          ...this.logged('secrets'),
        }),
      ),
      // Of the local Stripe, which makes its own as the real one does.
      STRIPE_SECRET_KEY: `sk_test_${randomBytes(24).toString('hex')}`,
      STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64url')}`,
    });
    return keepSecrets(file, buildVersion(), generate);
  }

  private logged(name: string): { logFile: string; abort: AbortSignal } {
    return { logFile: join(logDirectory, `${name}.log`), abort: this.abort.signal };
  }

  private listening(host: string, port: number): Record<string, string> {
    const local = { HOST: host, PORT: String(port), WORKER_PORT: this.caller.WORKER_PORT || '0' };
    if (this.caller.BASE_URL) return local;
    const hosts: Record<string, string> = this.caller.ALLOWED_HOSTS ? {} : { ALLOWED_HOSTS: 'localhost' };
    return { ...local, ...hosts, BASE_URL: `http://127.0.0.1:${port}` };
  }

  private async startProduct(): Promise<[Part, Part]> {
    if (this.abort.signal.aborted) throw new Refusal('Stopped while starting.');
    const start = async (starter: typeof startApi, log: string) => {
      const part = await starter({ env: this.env, ...this.logged(log) });
      return this.watch(part, this.product);
    };
    const [api, worker] = await Promise.allSettled([start(startApi, 'api'), start(startWorker, 'worker')]);
    if (api.status === 'rejected') throw api.reason;
    if (worker.status === 'rejected') throw worker.reason;
    return [api.value, worker.value];
  }

  private watch<T extends Part>(part: T, among: Set<Part>): T {
    among.add(part);
    void part.ended.then((how) => {
      if (this.abort.signal.aborted || !among.delete(part)) return;
      this.deaths(`${part.name} ${how}. The end of its log is in ${part.logFile}.`);
    });
    return part;
  }

  private publish(parts: Runtime): Runtime {
    this.runtime = runtimeOf(parts);
    removeAtExit(runtimeFile);
    removeAtExit(environmentFile);
    writePrivately(environmentFile, JSON.stringify(this.env));
    writePrivately(runtimeFile, `${JSON.stringify(this.runtime, null, 2)}\n`);
    return this.runtime;
  }

  private unpublish(): void {
    for (const file of [runtimeFile, environmentFile]) rmSync(file, { force: true });
  }
}

/** An API that listens on every address is reached at this one. */
function reachable(host: string): string {
  return ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
}

/** Changes with every build, and so with every new setting. */
function buildVersion(): string {
  const stamp = program('.stamp');
  return createHash('sha256')
    .update(existsSync(stamp) ? readFileSync(stamp) : '')
    .digest('hex');
}
