import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ConfigError } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { keySurroundings, silent } from '../../../../test/support/keyring.js';
import { startVault, type VaultServer } from '../../../../test/support/vault.js';
import { SigningKeys } from '../persistence/signing-keys.js';
import { RotateKeys } from '../use-cases/rotate-keys.js';
import { verifyWith } from './algorithms.js';
import { FileKeys } from './file-keys.js';
import { KeyMaker } from './key-maker.js';
import type { KeyStore } from './key-store.js';
import { KeyUpkeep } from './key-upkeep.js';
import { Keyring } from './keyring.js';
import type { KeyScheduleConfig, KeysConfig } from './keys.config.js';
import { VaultKeys } from './vault-keys.js';

const DAY_MS = 86_400_000;
const MAX_AGE = 300;
const BYTES = Buffer.from('signed');
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;

let database: TestDatabase;
let around: ReturnType<typeof keySurroundings>;
let register: SigningKeys;

beforeEach(async () => {
  database = await testDatabase();
  around = keySurroundings(database);
  register = new SigningKeys(around.system);
});
afterEach(async () => {
  await around.close();
  await database.drop();
});

/** What one process holds: a ring of its own over the same register. */
function processWith(settings: { signingKey?: KeyObject; store?: KeyStore | null }) {
  const { box, clock } = around;
  const { store = null, signingKey } = settings;
  const config = { signingKey, algorithm: 'ES256' } as KeysConfig;
  const maker = new KeyMaker(config, register, store, box, clock, silent);
  return { maker, ring: new Keyring(config, register, maker, store, box, clock, silent) };
}

async function started(settings: Parameters<typeof processWith>[0]) {
  const made = processWith(settings);
  await made.ring.onModuleInit();
  // So that what comes next is younger.
  around.clock.advance(1);
  return made;
}

const rotation = (rotationDays = 90) =>
  new RotateKeys(register, { rotationDays, jwksMaxAge: MAX_AGE } as KeyScheduleConfig, around.clock, silent);

/** `state of the key`, the oldest first. */
const states = async () => (await register.all()).map((key) => key.state);

/** Signs as a process would, and gives the check that another one would make. */
async function signedBy({ ring }: { ring: Keyring }) {
  const { kid, algorithm } = ring.signer;
  const signature = await ring.sign(kid, BYTES);
  return {
    kid,
    holdsFor: (other: Keyring) => {
      const key = other.published.keys.get(kid);
      return key !== undefined && verifyWith(algorithm, key.publicKey, BYTES, signature);
    },
  };
}

describe.each(['file', 'vault'] as const)('a keyring over the store "%s"', (kind) => {
  let directory: string;
  let vault: VaultServer;
  let open: () => KeyStore;
  let kept: () => Promise<number>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
    vault = await startVault();
    const { url: address, token } = vault;
    open =
      kind === 'file'
        ? () => new FileKeys(directory, around.box)
        : () => new VaultKeys({ address, token, mount: 'transit', prefix: 'gatehouse' });
    kept = async () => (kind === 'file' ? (await readdir(directory)).length : vault.keys().length);
  });
  afterEach(async () => {
    await vault.stop();
    await rm(directory, { recursive: true });
  });

  it('takes keys through their states, and no token fails that still lives', async () => {
    const [one, two] = [await started({ store: open() }), await started({ store: open() })];
    expect(await states()).toEqual(['active']);
    const first = await signedBy(one);

    expect(await one.maker.keepOneAhead()).toBe(true);
    expect(await two.maker.keepOneAhead()).toBe(false);
    await two.ring.load();
    expect([...two.ring.published.keys.values()].map((key) => key.state)).toEqual(['active', 'next']);

    // Only one of them has heard of it: what it signs holds for the other all the same.
    around.clock.advance(MAX_AGE * 1_000);
    await rotation().execute();
    await one.ring.load();
    const second = await signedBy(one);
    expect(second.kid).not.toBe(first.kid);
    expect(second.holdsFor(two.ring)).toBe(true);
    const late = await signedBy(two);
    expect(late.kid).toBe(first.kid);
    expect(late.holdsFor(one.ring)).toBe(true);

    // The last token of the old key has an hour to live from the moment that nobody signs with it.
    around.clock.advance(65 * 60_000);
    await rotation().byCalendar();
    await one.ring.load();
    expect(first.holdsFor(one.ring)).toBe(true);
    around.clock.advance(60_001);
    await rotation().byCalendar();
    await one.ring.load();
    expect(await states()).toEqual(['retired', 'active']);
    expect(first.holdsFor(one.ring)).toBe(false);
    expect(second.holdsFor(one.ring)).toBe(true);

    expect(await kept()).toBe(2);
    await one.maker.destroyRetired();
    await two.maker.destroyRetired();
    expect(await kept()).toBe(1);
    await two.ring.load();
    expect((await signedBy(two)).holdsFor(one.ring)).toBe(true);
  });

  it('gives everything that a revoked key has signed up at once', async () => {
    const one = await started({ store: open() });
    const { kid, holdsFor } = await signedBy(one);
    await expect(rotation().revoke(kid)).rejects.toMatchObject({ code: 'KEY_NEXT_MISSING' });
    await one.maker.next();
    await rotation().revoke(kid);
    await one.ring.load();
    expect(holdsFor(one.ring)).toBe(false);
    expect((await signedBy(one)).holdsFor(one.ring)).toBe(true);
    await expect(rotation().revoke(kid)).rejects.toMatchObject({ status: 404 });
  });

  it('makes one first key and one next, however many begin at once', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, () => started({ store: open() })));
    await Promise.all(many.map(({ maker }) => maker.keepOneAhead()));
    expect((await states()).sort()).toEqual(['active', 'next']);
    expect(await kept()).toBe(2);
  });
});

it('a revoked key is heard of also while the store is away, and no next key can be made', async () => {
  const vault = await startVault();
  const { url: address, token } = vault;
  const one = await started({
    store: new VaultKeys({ address, token, mount: 'transit', prefix: 'gatehouse' }),
  });
  const { kid, holdsFor } = await signedBy(one);
  await one.maker.next();
  vault.failWith(503);
  await rotation().revoke(kid);
  const upkeep = new KeyUpkeep(one.ring, one.maker, silent);
  await upkeep.onApplicationBootstrap();
  await eventually(() => !holdsFor(one.ring));
  await upkeep.beforeApplicationShutdown();
  await vault.stop();
  await expect(one.maker.keepOneAhead()).rejects.toThrow('AUTH_VAULT_ADDR');
});

describe('a keyring without a store', () => {
  it('signs with AUTH_SIGNING_KEY, and says what it cannot do', async () => {
    const signingKey = rsa();
    const [one, two] = [await started({ signingKey }), await started({ signingKey })];
    expect((await signedBy(one)).holdsFor(two.ring)).toBe(true);
    await expect(one.maker.next()).rejects.toMatchObject({ code: 'KEY_STORE_MISSING' });
    await expect(rotation().execute()).rejects.toMatchObject({ code: 'KEY_NEXT_MISSING' });
    expect(await one.maker.keepOneAhead()).toBe(false);
  });

  it('lets another AUTH_SIGNING_KEY take over, and what the old one signed holds', async () => {
    const [old, young] = [rsa(), rsa()];
    const before = await started({ signingKey: old });
    const token = await signedBy(before);
    const after = await started({ signingKey: young });
    expect(token.holdsFor(after.ring)).toBe(true);
    expect((await signedBy(after)).kid).not.toBe(token.kid);

    // The process that has not been restarted yet goes on for a while, and then says that it cannot.
    await before.ring.load();
    expect((await signedBy(before)).kid).toBe(token.kid);
    around.clock.advance(300_001);
    expect(() => before.ring.signer).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    await expect(started({ signingKey: old })).rejects.toThrow(ConfigError);
    expect(await states()).toEqual(['retiring', 'active']);
  });

  it('hands over to a store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
    const signingKey = rsa();
    const token = await signedBy(await started({ signingKey }));
    const moved = await started({ signingKey, store: new FileKeys(directory, around.box) });
    expect((await signedBy(moved)).kid).toBe(token.kid);
    await moved.maker.next();
    await rotation().execute({ atOnce: true });
    await moved.ring.load();
    expect((await signedBy(moved)).kid).not.toBe(token.kid);
    expect(token.holdsFor(moved.ring)).toBe(true);
    // A process that was not told of the store says so instead of signing nothing.
    around.clock.advance(300_001);
    await expect(started({ signingKey })).rejects.toThrow(/AUTH_KEYS_DIR/);
    await rm(directory, { recursive: true });
  });
});

describe('the calendar', () => {
  it('rotates when the key has served its days and caches have the next one, and only then', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
    const one = await started({ store: new FileKeys(directory, around.box) });
    const { kid } = one.ring.signer;
    const look = async (days?: number) => {
      await rotation(days).byCalendar();
      return (await register.all()).find((key) => key.state === 'active')?.kid;
    };
    around.clock.advance(90 * DAY_MS - 2);
    expect(await look()).toBe(kid);
    around.clock.advance(1);
    expect(await look()).toBe(kid);
    const next = await one.maker.next();
    expect(await look()).toBe(kid);
    await expect(rotation().execute()).rejects.toMatchObject({ code: 'KEY_NEXT_TOO_YOUNG' });
    around.clock.advance(MAX_AGE * 1_000);
    expect(await look(0)).toBe(kid);
    expect(await look()).toBe(next);
    expect(await look()).toBe(next);
    await rm(directory, { recursive: true });
  });
});

describe('the register', () => {
  it('does not make us trust a key that somebody wrote into it', async () => {
    const one = await started({ signingKey: rsa() });
    const forged = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
    await around.system.query(
      `insert into identity.signing_keys (kid, algorithm, store, ref, public_key, state, created_at)
       values ('forged', 'RS256', 'file', null, $1, 'retiring', now())`,
      [forged.export({ format: 'der', type: 'spki' })],
    );
    await expect(one.ring.load()).rejects.toThrow('Not a sealed value.');
    expect(one.ring.published.keys.has('forged')).toBe(false);
  });

  it('is closed to the role that serves requests', async () => {
    const app = new pg.Client({ connectionString: database.url });
    await app.connect();
    await expect(app.query('select * from identity.signing_keys')).rejects.toThrow(/permission denied/);
    await app.end();
  });
});
