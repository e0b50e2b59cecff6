import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError, generateSecrets, loadConfig, readEnvironment } from '#platform';
import { API_CONCERNS } from '../../apps/api/api.module.js';
import { WORKER_CONCERNS } from '../../apps/worker/worker.module.js';
import { blocksOf, codeRowsOf, commandsOf, isAsWritten, WALK } from '../support/readme.js';

const PAGES = globSync(['*.md', 'docs/**/*.md', '{libs,apps}/*/README.md']).sort();
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;

describe('the pages', () => {
  it('are all there: one for each room and program', () => {
    const rooms = globSync('{libs,apps}/*').filter((room) => room !== join('apps', 'local'));
    expect(rooms.length).toBeGreaterThan(10);
    expect(rooms.filter((room) => !existsSync(join(room, 'README.md')))).toEqual([]);
    for (const page of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', join('docs', 'errors.md')])
      expect(PAGES).toContain(page);
  });

  it('lead nowhere that is not there, and name no command, test or file that is not', () => {
    expect(PAGES.flatMap((page) => faultsOfPage(page, readFileSync(page, 'utf8')))).toEqual([]);
  });

  // A rule that never fires is no rule.
  it.each([
    ['[there](nowhere.md)', 'page.md: nowhere.md'],
    ['say `npm run fly`', 'page.md: npm run fly'],
    ['in `libs/gardening/src`', 'page.md: libs/gardening/src'],
    ['`npm test -- test/nothing`', 'page.md: test/nothing'],
  ])('would be told of %s', (text, fault) => expect(faultsOfPage('page.md', text)).toEqual([fault]));
});

describe('the production that docs/production.md describes', () => {
  const written = parseEnv(
    drawn(blocksOf('docs/production.md').find((one) => one.language === 'ini')?.text ?? ''),
  );
  const settings = { ...generateSecrets(), ...inline(written) };
  const refused = codeRowsOf(readFileSync('docs/production.md', 'utf8'))
    .map(([setting = '', why]) => {
      const [name = '', value] = setting.split(/=(.*)/s);
      return [name, value, why] as const;
    })
    .filter(([, value]) => value !== undefined);

  it.each([
    ['the API', API_CONCERNS],
    ['the worker', WORKER_CONCERNS],
  ])('is one that %s starts with', (_, concerns) => {
    expect(faultsOf(concerns, settings)).toEqual([]);
  });

  it('needs each of its settings', () => {
    const needless = Object.keys(settings).filter((name) => isNeedless(name, settings));
    // Sign-in, signatures to come: without these it starts, and refuses what needs them.
    expect(needless.sort()).toEqual(
      [
        'AUDIT_KEY',
        'COMMIT_KEY',
        'DATABASE_MIGRATOR_URL',
        'ED25519_SK',
        'ED25519_VK',
        'FIREBASE_API_KEY',
        'FIREBASE_CREDENTIALS',
        'FIREBASE_PROJECT_ID',
      ].sort(),
    );
  });

  it('has a list of what is refused', () => expect(refused.length).toBeGreaterThan(8));

  it.each(refused)('refuses %s=%s: %s', (name, value) => {
    const changed = { ...settings, [name]: drawn(value ?? '') };
    const faults = new Set([...faultsOf(API_CONCERNS, changed), ...faultsOf(WORKER_CONCERNS, changed)]);
    expect([...faults]).toEqual([expect.stringMatching(`^${name}`)]);
  });

  it('and takes the exceptions that it names', () => {
    const plain = {
      ...settings,
      DATABASE_URL: drawn('postgres://gatehouse_app:PASSWORD@db.example.com/gatehouse'),
      REDIS_URL: drawn('redis://:PASSWORD@redis.example.com'),
      DATABASE_PLAINTEXT_ALLOWED: 'true',
      REDIS_PLAINTEXT_ALLOWED: 'true',
    };
    expect(faultsOf(API_CONCERNS, plain)).toEqual([]);
  });
});

describe('the README', () => {
  it('has its commands tried', () => {
    expect(WALK.flatMap(commandsOf).length).toBeGreaterThan(30);
  });

  it.each<[string, string, boolean]>([
    ['{"id":"usr_…"}', '{"id":"usr_01k9"}\n', true],
    ['{"id":"usr_…"}', '{"id":"usr_"}', true],
    ['{"id":"usr_…"}', '{"id":"ten_01k9"}', false],
    ['{"id":"usr_…"}', '{"id":"usr_01k9","more":1}', false],
    ['{"id":"…","at":"…"}', '{"id":"a","at":"b"}', true],
    ['{"id":"…","at":"…"}', '{"id":"a","b":"c","at":"d"}', false],
    ['a … c', 'a b\nb c', false],
    ['same', 'same\n', true],
    ['same', 'other', false],
  ])('is read well: %s, printed %s, is %s', (written, actual, fits) =>
    expect(isAsWritten(written, actual)).toBe(fits),
  );
});

describe('the dependencies', () => {
  const page = readFileSync('docs/decisions/dependencies.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)`\s+\| (\S+)\s+\| (.+?)\s*\|$/gm)].map(
    ([, name, licence, why]) => ({ name: name!, licence, why: why! }),
  );
  const declared = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  );

  it('each have a line that says why, and no line is left of one that is gone', () => {
    expect(rows.map((row) => row.name).sort()).toEqual([...declared].sort());
    expect(rows.filter((row) => row.why.length < 15)).toEqual([]);
  });

  it('have the licences that the lines say', () => {
    const installed = rows.flatMap(({ name, licence }) => {
      const file = join('node_modules', name, 'package.json');
      // Another platform's binary is not installed on this one.
      if (!existsSync(file))
        return name in (manifest.optionalDependencies ?? {})
          ? []
          : [{ name, licence: 'not installed', said: licence }];
      return [
        {
          name,
          licence: (JSON.parse(readFileSync(file, 'utf8')) as { license?: string }).license,
          said: licence,
        },
      ];
    });
    expect(installed.filter((one) => one.licence !== one.said)).toEqual([]);
  });
});

function faultsOfPage(page: string, text: string): string[] {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found!);
  const isThere = (path: string) => existsSync(path) || globSync(`${path}*`).length > 0;
  const links = all(/\]\(([^)\s]+)\)/g)
    .filter((link) => !link.startsWith('https:'))
    .filter((link) => !existsSync(join(dirname(page), link.split('#', 1)[0]!)));
  const verbs = all(/\bnpm (run [\w-]+|start|test)\b/g).filter((verb) => !isVerb(verb.replace('run ', '')));
  const paths = all(/`((?:apps|libs|test|docs|migrations|\.ci)\/[\w./-]+)`/g).filter(
    (path) => !isThere(path),
  );
  const tests = all(/npm test -- ((?:apps|libs|test)\/[\w./-]+)/g).filter((path) => !isThere(path));
  return [...links, ...verbs.map((verb) => `npm ${verb}`), ...paths, ...tests].map(
    (fault) => `${page}: ${fault}`,
  );
}

/** A script that exists, and whose program does. */
function isVerb(verb: string): boolean {
  const program = /launch\.mjs (\w+)/.exec(manifest.scripts?.[verb] ?? '')?.[1];
  return verb === 'build' ? 'build' in (manifest.scripts ?? {}) : existsSync(`apps/local/${program}.ts`);
}

function faultsOf(
  concerns: Parameters<typeof loadConfig>[0],
  variables: Record<string, string | undefined>,
): readonly string[] {
  try {
    loadConfig(concerns, readEnvironment(variables));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** Without it both processes start all the same. */
function isNeedless(name: string, settings: Record<string, string | undefined>): boolean {
  const without = { ...settings, [name]: undefined };
  return faultsOf(API_CONCERNS, without).length + faultsOf(WORKER_CONCERNS, without).length === 0;
}

/** PASSWORD stands for one that somebody drew. */
function drawn(text: string): string {
  return text.replaceAll('PASSWORD', randomBytes(18).toString('hex'));
}

/** What Google gives for download, with a key of our own. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return JSON.stringify({
    project_id: 'acme',
    client_email: 'gatehouse@acme.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
}

/** The files that it mounts secrets from are not on this machine. */
function inline(variables: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) =>
      name.endsWith('_FILE') ? [name.slice(0, -5), serviceAccount()] : [name, value],
    ),
  );
}
