import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { ConfigError, type Env, loadConfig } from '../config/config.js';
import { UpstreamConfig } from './upstream.config.js';

function load(variables: Record<string, string>, env: Env = 'production'): UpstreamConfig {
  const all = new Map(Object.entries({ ENV: env, ...variables }));
  return loadConfig([UpstreamConfig], { get: (name) => all.get(name), names: () => all.keys() }).get(
    UpstreamConfig,
  ) as UpstreamConfig;
}

function faultsOf(variables: Record<string, string>, env?: Env): string {
  try {
    load(variables, env);
  } catch (error) {
    return (error as ConfigError).message;
  }
  return '';
}

const pair = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const pem = (key: KeyObject) =>
  String(key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }));
const der = (key: KeyObject) =>
  (key.export({ format: 'der', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as Buffer).toString(
    'base64',
  );
const raw = (key: KeyObject) => Buffer.from(der(key), 'base64').subarray(-32).toString('base64');

describe('UpstreamConfig', () => {
  it('needs nothing', () => {
    expect(load({}).auth0Domain).toBeUndefined();
  });

  it.each([
    ['tenant.eu.auth0.com', 'https://tenant.eu.auth0.com/'],
    ['https://id.example.com:8443/', 'https://id.example.com:8443/'],
  ])('reads %s as an issuer', (domain, issuer) => {
    expect(load({ AUTH0_DOMAIN: domain }).auth0Domain?.href).toBe(issuer);
  });

  it.each([
    'id.example.com/path',
    'ftp://id.example.com',
    'not a host',
    'user:pw@id.example.com',
    'id.example.com?a=b',
  ])('refuses %s as an issuer', (domain) => {
    expect(faultsOf({ AUTH0_DOMAIN: domain })).toContain('AUTH0_DOMAIN');
  });

  it('takes an issuer without https for tests only', () => {
    expect(faultsOf({ AUTH0_DOMAIN: 'http://127.0.0.1:4000' }, 'test')).toBe('');
    expect(faultsOf({ AUTH0_DOMAIN: 'http://127.0.0.1:4000' }, 'staging')).toContain('without https');
  });

  it.each([
    ['PEM', pem],
    ['PEM on one line', (key: KeyObject) => pem(key).replaceAll('\n', '\\n')],
    ['DER in base64', der],
    ['32 bytes in base64', raw],
  ])('reads a pair in %s', (_, write) => {
    const config = load({ ED25519_SK: write(pair.privateKey), ED25519_VK: write(pair.publicKey) });
    expect(config.signingKey!.equals(pair.privateKey)).toBe(true);
    expect(config.verifyKey!.equals(pair.publicKey)).toBe(true);
  });

  it('refuses halves of two pairs', () => {
    expect(faultsOf({ ED25519_SK: pem(pair.privateKey), ED25519_VK: pem(other.publicKey) })).toContain(
      'not the public half',
    );
  });

  it('refuses the private key where the public one belongs', () => {
    expect(faultsOf({ ED25519_VK: pem(pair.privateKey) })).toContain('ED25519_VK');
    expect(faultsOf({ ED25519_VK: der(pair.privateKey) })).toContain('ED25519_VK');
  });

  it('names every fault at once and quotes no key', () => {
    const secretOf = (bytes: number) => randomBytes(bytes).toString('base64');
    const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey);
    const short = secretOf(16);
    const faults = faultsOf({ COMMIT_KEY: short, AUDIT_KEY: rsa, ED25519_SK: secretOf(40), AGENT_ID: 'a b' });
    for (const name of ['COMMIT_KEY', 'AUDIT_KEY', 'ED25519_SK', 'AGENT_ID']) expect(faults).toContain(name);
    expect(faults).not.toContain(short);
    expect(faults).not.toContain('BEGIN');
  });
});
