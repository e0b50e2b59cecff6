import { randomBytes } from 'node:crypto';
import { type HttpConfig, generateSecrets, loadConfig, readEnvironment } from '#platform';
import {
  encodeLease,
  type KeyTrust,
  learnKeys,
  leaseLife,
  platformCrypto,
  trustAnchors,
  verifyLease,
} from '#sdk';
import { LeasesConfig } from '../licensing.config.js';
import { announceKey, compromiseKey, forgetKey, rotateKeys, RotationRefused } from './rotate-signing-keys.js';
import { type ConfiguredKey, writeSigningKeys } from './signing-key-setting.js';
import { RETIREMENT_OVERLAP_MS, SigningKeys } from './signing-keys.js';

const ISSUER = 'https://licences.example';
const { verify } = platformCrypto;
const day = (n: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + n * 86_400_000);

const read = (text: string): ConfiguredKey[] =>
  loadConfig([LeasesConfig], readEnvironment({ ENV: 'test', LICENSE_SIGNING_KEYS: text })).of(LeasesConfig)
    .signingKeys;

/** The server that runs with these keys; they pass through the setting, as they do in life. */
function serverWith(keys: readonly ConfiguredKey[]): SigningKeys {
  const signingKeys = read(writeSigningKeys(keys));
  return new SigningKeys({ signingKeys } as LeasesConfig, { baseUrl: ISSUER } as HttpConfig);
}

const firstKeys = (): ConfiguredKey[] => [
  { kid: randomBytes(4).toString('hex'), seed: randomBytes(32), status: 'active', since: day(0) },
];

/** A program shipped while `server` ran. */
const shippedWith = (server: SigningKeys): KeyTrust =>
  trustAnchors(
    ISSUER,
    server.published().map(({ kid, x }) => ({ kid, x })),
  );

const learned = async (trust: KeyTrust, server: SigningKeys): Promise<KeyTrust> =>
  (await learnKeys(trust, server.keySets(), verify)).trust;

const leaseBy = (server: SigningKeys, at: Date): string =>
  encodeLease(
    {
      issuer: server.issuer,
      licenseId: 'lic_1',
      tenantId: 'ten_1',
      plan: 'PRO',
      entitlements: [],
      device: 'ab'.repeat(32),
      status: 'active',
      mode: 'hybrid',
      revision: 1,
      issuedAt: at.getTime(),
      ...leaseLife(at.getTime()),
      seatBound: false,
      seatExpiresAt: null,
      quota: [],
    },
    server.current(),
  );

const believed = (trust: KeyTrust, lease: string) =>
  verifyLease(lease, trust, verify).then(
    () => 'believed',
    (error: { code: string }) => error.code,
  );

const statusesOf = (keys: readonly ConfiguredKey[]) => keys.map((key) => key.status);

describe('a rotation', () => {
  it('reaches a client that knows only the first anchor, through as many keys as there were', async () => {
    let keys = firstKeys();
    const client = shippedWith(serverWith(keys));
    for (let turn = 1; turn <= 4; turn++) keys = rotateKeys(keys, day(30 * turn));
    const server = serverWith(keys);
    const lease = leaseBy(server, day(121));
    expect(await believed(client, lease)).toBe('UNKNOWN_KEY');
    expect(await believed(await learned(client, server), lease)).toBe('believed');
  });

  it('reaches a client that follows it step by step, and leaves what old keys signed in force', async () => {
    const first = serverWith(firstKeys());
    let keys = firstKeys();
    let server = serverWith(keys);
    let client = shippedWith(server);
    for (let turn = 1; turn <= 3; turn++) {
      const old = leaseBy(server, day(30 * turn - 1));
      keys = rotateKeys(keys, day(30 * turn));
      server = serverWith(keys);
      client = await learned(client, server);
      expect(await believed(client, old)).toBe('believed');
      expect(await believed(client, leaseBy(server, day(30 * turn)))).toBe('believed');
    }
    expect(await believed(client, leaseBy(first, day(1)))).toBe('UNKNOWN_KEY');
  });

  it('lets processes of the old setting go on for a day, and whoever finds the retired key not at all', async () => {
    const keys = firstKeys();
    const [before, after] = [serverWith(keys), serverWith(rotateKeys(keys, day(30)))];
    const client = await learned(shippedWith(before), after);
    const at = (ms: number) => believed(client, leaseBy(before, new Date(day(30).getTime() + ms)));
    expect(await at(RETIREMENT_OVERLAP_MS)).toBe('believed');
    expect(await at(RETIREMENT_OVERLAP_MS + 1)).toBe('KEY_OUT_OF_TIME');
  });

  it('takes the key that was announced: who learned it then needs no key set now', async () => {
    const announced = announceKey(firstKeys(), day(1));
    expect(statusesOf(announced)).toEqual(['next', 'active']);
    const client = await learned(shippedWith(serverWith(announced.slice(1))), serverWith(announced));
    const rotated = rotateKeys(announced, day(30));
    expect(rotated.map((key) => [key.kid, key.status])).toEqual([
      [announced[0]!.kid, 'active'],
      [announced[1]!.kid, 'retiring'],
    ]);
    expect(await believed(client, leaseBy(serverWith(rotated), day(31)))).toBe('believed');
  });

  it('says the same in every process', () => {
    const keys = rotateKeys(firstKeys(), day(30));
    expect(serverWith(keys).keySets()).toEqual(serverWith(keys).keySets());
    expect(serverWith(keys).published()).toEqual(serverWith(keys).published());
  });
});

describe('a compromised key', () => {
  it('is believed no more by whoever knows another one', async () => {
    const keys = announceKey(firstKeys(), day(1));
    const server = serverWith(keys);
    const client = await learned(shippedWith(serverWith(keys.slice(1))), server);
    const stolen = keys[1]!.kid;

    const after = serverWith(compromiseKey(keys, stolen, day(30)));
    expect(after.published().map((key) => key.status)).toEqual(['active', 'compromised']);
    const warned = await learned(client, after);
    expect(await believed(warned, leaseBy(server, day(29)))).toBe('COMPROMISED_KEY');
    expect(await believed(warned, leaseBy(after, day(31)))).toBe('believed');
  });

  it('teaches nothing any more, not even with the highest number', async () => {
    const keys = announceKey(firstKeys(), day(1));
    const client = await learned(shippedWith(serverWith(keys.slice(1))), serverWith(keys));
    const warned = await learned(client, serverWith(compromiseKey(keys, keys[1]!.kid, day(30))));

    const thief = serverWith(rotateKeys([keys[1]!], day(300)));
    const [bySuccessor, byStolen] = thief.keySets();
    const { trust, refused } = await learnKeys(warned, [byStolen!, bySuccessor!], verify);
    expect(refused.map((one) => one.code)).toEqual(['COMPROMISED_KEY', 'UNKNOWN_KEY']);
    expect(await believed(trust, leaseBy(thief, day(301)))).toBe('UNKNOWN_KEY');
  });

  it('tells who knows nothing but it that it is compromised, and no more than that', async () => {
    const keys = firstKeys();
    const before = serverWith(keys);
    const after = serverWith(compromiseKey(keys, keys[0]!.kid, day(30)));
    const client = await learned(shippedWith(before), after);
    expect(await believed(client, leaseBy(before, day(1)))).toBe('COMPROMISED_KEY');
    expect(await believed(client, leaseBy(after, day(31)))).toBe('UNKNOWN_KEY');
  });

  it('does not take along who learned another key through it: the other one’s warning comes first', async () => {
    const keys = rotateKeys(firstKeys(), day(30));
    const [newer] = serverWith(keys).published();
    const shipped = trustAnchors(ISSUER, [{ kid: newer!.kid, x: newer!.x }]);
    const client = await learned(shipped, serverWith(keys));
    const after = serverWith(
      compromiseKey(keys, newer!.kid, new Date(day(30).getTime() + RETIREMENT_OVERLAP_MS / 2)),
    );
    expect(await believed(await learned(client, after), leaseBy(after, day(31)))).toBe('believed');
  });

  it('leaves the others as they are when it was not the one that signs', () => {
    const rotated = rotateKeys(firstKeys(), day(30));
    expect(statusesOf(compromiseKey(rotated, rotated[1]!.kid, day(40)))).toEqual(['active', 'compromised']);
  });
});

describe('changes that must not be', () => {
  it.each([
    ['a second next key', () => announceKey(announceKey(firstKeys(), day(1)), day(2))],
    ['to forget the key that signs', () => ((keys) => forgetKey(keys, keys[0]!.kid))(firstKeys())],
    ['to forget a key that is not there', () => forgetKey(firstKeys(), 'none')],
    ['to compromise a key that is not there', () => compromiseKey(firstKeys(), 'none', day(1))],
    [
      'more keys than a client takes',
      () =>
        Array.from({ length: 17 }).reduce<ConfiguredKey[]>(
          (keys, _, i) => rotateKeys(keys, day(i)),
          firstKeys(),
        ),
    ],
  ])('are refused: %s', (_, change) => {
    expect(change).toThrow(RotationRefused);
  });

  it('do not stand in the way of forgetting a retired key', () => {
    const rotated = rotateKeys(firstKeys(), day(30));
    expect(forgetKey(rotated, rotated[1]!.kid)).toEqual([rotated[0]]);
  });
});

describe('the setting', () => {
  const entry = (kid: string, key = randomBytes(32).toString('base64')) =>
    `${kid}:${key}@2026-01-01T00:00:00Z`;

  it('is made with the other secrets', () => {
    expect(statusesOf(read(generateSecrets()['LICENSE_SIGNING_KEYS']!))).toEqual(['active']);
  });

  it('is what it was written from', () => {
    const keys = announceKey(rotateKeys(rotateKeys(firstKeys(), day(30)), day(40)), day(50));
    expect(read(writeSigningKeys(keys))).toEqual(keys);
  });

  it.each([
    ['nothing that signs', entry('-a'), 'exactly one key without a mark'],
    ['two that sign', `${entry('a')},${entry('b')}`, 'exactly one key without a mark'],
    ['one kid twice', `${entry('a')},${entry('-a')}`, 'a kid twice'],
    ['no time', 'a:AAAA', 'must be entries like'],
    ['a time that is none', entry('a').replace('01-01', '13-41'), 'must be entries like'],
    [
      'another size',
      `a:${Buffer.alloc(16, 7).toString('base64')}@2026-01-01T00:00:00Z`,
      'must be entries like',
    ],
    [
      'a key that nobody drew',
      `a:${Buffer.alloc(32).toString('base64')}@2026-01-01T00:00:00Z`,
      'must be entries like',
    ],
  ])('is refused with %s', (_, text, fault) => {
    expect(() => read(text)).toThrow(fault);
  });

  it('is refused with one key under two kids', () => {
    const [, key] = /:(.*)@/.exec(entry('a')) ?? [];
    expect(() => read(`${entry('a', key)},${entry('-b', key)}`)).toThrow('one key under two kids');
  });
});
