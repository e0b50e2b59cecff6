import { randomBytes } from 'node:crypto';
import { constants, getPriority } from 'node:os';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { DomainError, type Log } from '#platform';
import { HashQueue } from './hash-queue.js';
import { poolThreads } from './hash-threads.js';
import { PasswordHasher } from './password-hasher.js';
import { Pepper } from './pepper.js';
import type { PasswordsConfig } from './passwords.config.js';

const OWNER = 'usr_01k9zq6mwee4rr8q3fjz6c1v2d';
const OTHER = 'usr_01k9zq6mwee4rr8q3fjz6c1v2e';
const PASSWORD = 'velvet otter marches nine';
const keyOne = randomBytes(32);

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function hasher(change: Partial<PasswordsConfig> = {}, log: Log = silent): PasswordHasher {
  const config = {
    keys: new Map([[1, keyOne]]),
    memoryKib: 7_168,
    passes: 1,
    lanes: 1,
    concurrency: 1,
    pool: 4,
    queue: 4,
    importedPepper: 'of the source',
    ...change,
  } as PasswordsConfig;
  return new PasswordHasher(config, new Pepper(config), new HashQueue(config), log);
}

describe('hashing passwords', () => {
  it('takes the password and no other, of its owner only', async () => {
    const passwords = hasher();
    const stored = await passwords.make(OWNER, PASSWORD);
    expect(await passwords.check(OWNER, stored, PASSWORD)).toEqual({ matches: true, renewed: null });
    expect((await passwords.check(OWNER, stored, `${PASSWORD}!`)).matches).toBe(false);
    expect((await passwords.check(OWNER, null, PASSWORD)).matches).toBe(false);
    await expect(passwords.check(OTHER, stored, PASSWORD)).rejects.toThrow();
  });

  it('keeps nothing readable: neither the password nor its hash', async () => {
    const { sealed } = await hasher().make(OWNER, PASSWORD);
    expect(sealed.toString('latin1')).not.toMatch(/argon2|velvet/);
  });

  it('takes every spelling of the same characters, and counts all of a long password', async () => {
    const passwords = hasher();
    const composed = await passwords.make(OWNER, 'crème brûlée à la carte');
    expect((await passwords.check(OWNER, composed, 'crème brûlée à la carte'.normalize('NFD'))).matches).toBe(
      true,
    );
    const long = await passwords.make(OWNER, `${'a'.repeat(100)}1`);
    expect((await passwords.check(OWNER, long, `${'a'.repeat(100)}2`)).matches).toBe(false);
  });

  it('moves a hash to a newer pepper without hashing anew, and still opens the old', async () => {
    const stored = await hasher().make(OWNER, PASSWORD);
    const rotated = hasher({
      keys: new Map([
        [2, randomBytes(32)],
        [1, keyOne],
      ]),
    });
    const { matches, renewed } = await rotated.check(OWNER, stored, PASSWORD);
    expect(matches).toBe(true);
    expect(renewed?.sealed.readUInt16BE(1)).toBe(2);
    expect(await rotated.check(OWNER, renewed, PASSWORD)).toEqual({ matches: true, renewed: null });
    expect((await rotated.check(OWNER, stored, 'wrong')).renewed).toBeNull();
    await expect(
      hasher({ keys: new Map([[2, randomBytes(32)]]) }).check(OWNER, stored, PASSWORD),
    ).rejects.toThrow('has no key 1');
  });

  it('cannot tell one of before whose key is gone: not matched, and said; of the present one it is a fault', async () => {
    const stored = await hasher().make(OWNER, PASSWORD);
    const said: object[] = [];
    const without = hasher(
      { keys: new Map([[2, randomBytes(32)]]) },
      { ...silent, warn: (fields) => void said.push(fields) },
    );
    const past = { ...stored, isPast: true };
    expect(await without.check(OWNER, past, PASSWORD)).toEqual({ matches: false, renewed: null });
    expect(said).toEqual([{ userId: OWNER }]);
    await expect(without.check(OWNER, stored, PASSWORD)).rejects.toThrow('has no key 1');
    expect((await hasher().check(OWNER, past, PASSWORD)).matches).toBe(true);
  });

  it('hashes anew at login when the parameters have changed', async () => {
    const stored = await hasher().make(OWNER, PASSWORD);
    const stronger = hasher({ passes: 2 });
    const { renewed } = await stronger.check(OWNER, stored, PASSWORD);
    expect(await stronger.check(OWNER, renewed, PASSWORD)).toEqual({ matches: true, renewed: null });
  });

  it('checks imported bcrypt by the rule of its source, and replaces it (C31)', async () => {
    const passwords = hasher();
    const long = 'b'.repeat(72);
    const plain = passwords.adopt(OWNER, await bcrypt(long, { cost: 4 }), 'bcrypt');
    // The source never counted what stands behind 72 bytes.
    const { matches, renewed } = await passwords.check(OWNER, plain, `${long}tail`);
    expect([matches, renewed?.rule]).toEqual([true, 'argon2id']);
    expect((await passwords.check(OWNER, renewed, long)).matches).toBe(false);

    const peppered = passwords.adopt(
      OWNER,
      await bcrypt(`${PASSWORD}of the source`, { cost: 4 }),
      'bcrypt_peppered',
    );
    expect((await passwords.check(OWNER, peppered, PASSWORD)).matches).toBe(true);
    expect((await passwords.check(OWNER, { ...peppered, rule: 'bcrypt' }, PASSWORD)).matches).toBe(false);
    expect(() => passwords.adopt(OWNER, 'plain text', 'bcrypt')).toThrow('Not a bcrypt hash');
  });
});

describe('the queue of hashes', () => {
  const queue = () => new HashQueue({ concurrency: 2, pool: 4, queue: 3 } as PasswordsConfig);

  it('runs so many at a time, lets so many wait in order, and refuses the rest at once', async () => {
    const bounded = queue();
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const all = [0, 1, 2, 3, 4].map((i) =>
      bounded.run(() => {
        begun.push(i);
        return new Promise<void>((resolve) => finish.push(resolve));
      }),
    );
    const refusal = await bounded.run(async () => undefined).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DomainError);
    expect(refusal).toMatchObject({ status: 503, code: 'BUSY', retryAfterSeconds: 2 });
    expect(begun).toEqual([0, 1]);
    for (let i = 0; i < 5; i++) {
      finish[i]!();
      await all[i];
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('lets hashes give way to everything else, where threads have priorities of their own', async () => {
    await hasher().make(OWNER, PASSWORD);
    const { PRIORITY_BELOW_NORMAL, PRIORITY_NORMAL } = constants.priority;
    expect(poolThreads().map((id) => getPriority(id))).toEqual(
      Array(process.platform === 'linux' ? 4 : 0).fill(PRIORITY_BELOW_NORMAL),
    );
    expect(getPriority(process.pid)).toBe(PRIORITY_NORMAL);
  });

  it('gives the place back when a hash fails', async () => {
    const bounded = queue();
    for (let i = 0; i < 5; i++)
      await expect(bounded.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await bounded.run(async () => 'through')).toBe('through');
  });
});
