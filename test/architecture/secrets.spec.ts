import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trackedEnvFiles } from '../../apps/local/check/env-files.js';
import { findSecrets } from '../../apps/local/check/secrets.js';

/** Made up here, so that this file itself holds none. */
const fake = (length: number) => randomBytes(length).toString('hex').slice(0, length);
const pem = ({ privateKey }: { privateKey: KeyObject }) =>
  String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const GITHUB = ['ghp', `${fake(18)}Aa${fake(16)}`].join('_');
const SECRETS: [string, string, string][] = [
  ['a GitHub token', 'notes.txt', GITHUB],
  ['an RSA key', 'key.pem', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
  ['an Ed25519 key', 'signing.pem', pem(generateKeyPairSync('ed25519'))],
  [
    'an Ed25519 key in a string',
    'keys.ts',
    `const SIGNING = ${JSON.stringify(pem(generateKeyPairSync('ed25519')))};`,
  ],
  ['a connection string', 'db.ts', `postgres:${'//'}root:${fake(16)}@db.example.com:5432/app`],
  ['an npm token', '.npmrc', `//registry.npmjs.org/:_auth${'Token'}=${fake(36)}`],
  ['a Stripe webhook secret', 'stripe.ts', `const s = '${['whsec', fake(40)].join('_')}'`],
  ['a Stripe key', 'stripe.ts', `${['sk', 'live', fake(40)].join('_')}`],
  ['a Resend key', 'resend.ts', `${['re', fake(8), fake(24)].join('_')}`],
  ['an API key of ours', 'client.ts', `${['gh_key_live', fake(92)].join('_')}`],
  ['a key of ours', 'deploy.yaml', `SECRETS_KEY: "${randomBytes(32).toString('base64')}"`],
  ['a seat key of ours', 'deploy.sh', `export SEAT_KEYS=1:${randomBytes(32).toString('base64')}`],
  [
    'a service account',
    'account.json',
    JSON.stringify({ private_key: ['-----BEGIN', `PRIVATE KEY-----\n${fake(99)}`].join(' ') }),
  ],
  ['a container of keys', 'server.p12', 'anything'],
];

describe('the search for secrets', () => {
  let repository: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'commit.gpgsign=false', ...args], { cwd: repository, stdio: 'pipe' });
  const write = (name: string, text: string) => writeFileSync(join(repository, name), text);
  const commit = (message: string) => {
    git('add', '--all', '--force');
    git('-c', 'user.name=t', '-c', 'user.email=t@example.test', 'commit', '--allow-empty', '-qm', message);
  };

  beforeEach(() => {
    repository = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-secrets-')));
    git('init', '-q');
    write('.gitignore', '.env\n.env.*\n!.env.example\n');
    write('readme.md', 'Nothing to see here.\nPASSWORD=changeme\n');
    write('example.ts', `const SECRETS_KEY = '${Buffer.alloc(32, 1).toString('base64')}';\n`);
    commit('begin');
  });
  afterEach(() => rmSync(repository, { recursive: true, force: true }));

  it('finds none where there is none', async () => {
    const { findings, scanned } = await findSecrets(repository);
    expect(findings).toEqual([]);
    expect(scanned).toBe(3 + 3 + 1);
  });

  it.each(SECRETS)('finds %s in the tree, before it is committed', async (_, name, secret) => {
    write(name, `one\n${secret}\n`);
    expect((await findSecrets(repository)).findings.join('\n')).toContain(name);
  });

  it.each(SECRETS)('finds %s in the history, after it was removed from the tree', async (_, name, secret) => {
    write(name, `one\n${secret}\n`);
    commit('oops');
    git('rm', '-q', name);
    commit('never happened');

    const { findings } = await findSecrets(repository);
    expect(findings.join('\n')).toContain(`history: ${name} (blob `);
    expect(findings.every((line) => line.startsWith('history: '))).toBe(true);
  });

  it('names the file and the line, and does not repeat the secret', async () => {
    write('a.txt', 'clean\n');
    write('b.txt', `one\ntwo ${GITHUB}\n`);
    write('c.txt', 'clean\n');

    const { findings } = await findSecrets(repository);
    expect(findings).toEqual([expect.stringMatching(/^b\.txt:2: /)]);
    expect(findings[0]).not.toContain(GITHUB);
  });

  it('finds one on a branch that was left, and one in a commit message', async () => {
    git('checkout', '-qb', 'left');
    write('left.txt', GITHUB);
    commit('left');
    git('checkout', '-q', '-');
    commit(`the token is ${GITHUB}`);

    const { findings } = await findSecrets(repository);
    expect(findings).toEqual([
      expect.stringMatching(/^history: left\.txt /),
      expect.stringMatching(/^history: message of [0-9a-f]{12}:3: /),
    ]);
  });

  it('is not switched off for other files by a comment in one', async () => {
    write('a.txt', '// secretlint-disable\n');
    write('b.txt', GITHUB);
    expect((await findSecrets(repository)).findings).toHaveLength(1);
  });

  it('allows a line that says it is harmless', async () => {
    write('a.txt', `${GITHUB} // secretlint-disable-line\n`);
    expect((await findSecrets(repository)).findings).toEqual([]);
  });

  it('reports files of settings that are tracked, were tracked, or are not ignored', async () => {
    write('.env.example', 'A=1\n');
    commit('example');
    expect(await trackedEnvFiles(repository)).toEqual([]);

    write('.env.production', 'A=1\n');
    commit('oops');
    expect(await trackedEnvFiles(repository)).toEqual([
      expect.stringContaining('.env.production is tracked'),
    ]);

    git('rm', '-q', '.env.production');
    write('.gitignore', '');
    commit('gone');
    expect(await trackedEnvFiles(repository)).toEqual([
      expect.stringContaining('.env.production is in the history'),
      ...['.env', '.env.local', '.env.production', 'apps/api/.env'].map((name) =>
        expect.stringContaining(`${name} is not ignored`),
      ),
    ]);
  });
});
