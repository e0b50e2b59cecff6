import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { MIGRATIONS } from '../../migrations/index.js';
import { journeyBrowser, type Person } from '../support/browser.js';
import { emptyDatabase, type TestDatabase } from '../support/database.js';
import { INHERITED, part } from '../support/environment.js';
import { startAtItsAddress } from '../support/pages.js';
import { PASSWORD } from '../support/person.js';
import type { Product } from '../support/product.js';
import { type JourneyStripe, startStripe } from '../support/stripe.js';
import { blocksOf, type Command, commandsOf, isAsWritten, WALK } from '../support/readme.js';

/** They run for ever, install, or run this; test/architecture/readme.spec.ts looks at them, people try them. */
const NOT_RUN = [
  'npm start',
  'npm test',
  'npm run demo',
  'npm ci --ignore-scripts && npm run build && npm prune --omit=dev --ignore-scripts',
  'node --env-file=secrets.env --env-file=gatehouse.env dist/apps/api/main.js',
];
const commands = WALK.flatMap(commandsOf);
const firstLine = (command: Command) => command.text.split('\n', 1)[0]!;
const placeOf = ({ page, line }: Command) => `${page}:${line}`;
const run = commands.filter((command) => !NOT_RUN.includes(firstLine(command)));
/** Then something in it waits for what will not come. */
const SHELL_MS = 590_000;
/** Between what two commands print; no command prints it. */
const MARK = '\u001e';
/** Stands on the pages where the reader has stopped the server, or started it again. */
const STOPPED = '<!-- npm start has been stopped -->';
const PIPES = ['stop.wanted', 'stop.done', 'start.wanted', 'start.done'];
const RUNS_AGAIN = '<!-- npm start runs again -->';
/** What `gatehouse login` asks its reader to open. */
const ADDRESS = /^ {2}(http:\S+\/oauth\/authorize\S+)$/m;
/** Where something is paid. */
const CHECKOUT = /^ {2}(http:\S+\/c\/pay\/\S+)$/m;
const CODE = /enter the code (\S+):\n\n {2}(\S+)$/m;

const browser = journeyBrowser();

let product: Product;
let stripe: JourneyStripe;
let fresh: TestDatabase;
let clone: string;

beforeAll(async () => {
  clone = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'));
  // A store of signing keys, as npm start has one.
  const keys = { AUTH_KEYS_DIR: join(clone, 'signing-keys') };
  stripe = await startStripe();
  [product, fresh] = await Promise.all([startAtItsAddress({ ...keys, ...stripe.settings }), emptyDatabase()]);
  stripe.sendTo(product.v1);
  await product.admin('catalog', 'apply', '--reason', 'npm start');
  for (const name of ['dist', 'node_modules', 'package.json', 'plans.yaml'])
    symlinkSync(join(process.cwd(), name), join(clone, name));
  mkdirSync(join(clone, '.gatehouse'));
  // Pipes: who reads one waits for who writes it.
  for (const name of PIPES) execFileSync('mkfifo', [join(clone, name)]);
  writeFileSync(join(clone, 'local.env'), environmentFile(product.env));
  writeRuntime('runtime.json');
  writeFileSync(
    join(clone, 'gatehouse.env'),
    ours(blocksOf('docs/production.md').find((one) => one.language === 'ini')?.text ?? ''),
  );
});

afterAll(async () => {
  await Promise.all([product?.stop(), stripe?.stop(), fresh?.drop()]);
  if (clone) rmSync(clone, { recursive: true, force: true });
});

describe('the commands of the README, and of the pages that go on where it ends', () => {
  let printed: string[];
  let complaints: string;

  beforeAll(async () => {
    const script = run
      .map((command) => `${cueBefore(command)}${ours(command.text)}\nprintf '${MARK}'\n`)
      .join('');
    const reader = playTheReader();
    const ended = await shell(script);
    // A shell that ended early asks for nothing any more.
    for (const name of PIPES) letGo(join(clone, name));
    await reader;
    printed = ended.stdout.split(MARK);
    complaints = ended.stderr;
  }, 660_000);

  it('are found', () => {
    expect(run.length).toBeGreaterThan(12);
    expect(commands.length - run.length).toBe(NOT_RUN.length);
    expect(run.filter((command) => command.prints !== null).length).toBeGreaterThan(9);
  });

  it('all run, one after the other', () => {
    if (printed.length === run.length + 1) return;
    throw new Error(`${placeOf(run[printed.length - 1]!)} ended them all:\n${complaints}`);
  });

  it.each(
    run.map((command, index) => [`${placeOf(command)}: ${firstLine(command)}`, command, index] as const),
  )('print what it says, %s', (_, { prints }, index) => {
    if (prints === null) return;
    // Jest's own comparison shows where they part.
    if (!isAsWritten(prints, printed[index] ?? '')) expect(printed[index]).toBe(prints);
  });

  it('leave a migrated database behind, where they say so', async () => {
    const client = new pg.Client({ connectionString: fresh.migratorUrl });
    await client.connect();
    try {
      const { rows } = await client.query('select count(*)::int as applied from public.migrations');
      expect(rows).toEqual([{ applied: MIGRATIONS.length }]);
    } finally {
      await client.end();
    }
  });
});

describe('the demo', () => {
  it('plays to its end', async () => {
    const played = await demo('runtime.json');
    expect(played).toMatchObject({ code: 0, stderr: '' });
    expect(played.stdout).toMatch(/\d\d steps, and every answer was as it should be\.\n$/);
    // Whoever looks over a shoulder reads no key and no token.
    expect(played.stdout).not.toMatch(/eyJ[\w-]{20}|(rft|seat)_[\w-]{20}|-[0-9A-F]{12}-[0-9A-F]{4}/);
  });

  it('ends with 1 at the first answer that is not what it should be', async () => {
    writeRuntime('wrong-secret.json', { stripe: { webhook_secret: `whsec_${'x'.repeat(24)}` } });
    const played = await demo('wrong-secret.json');
    expect(played.code).toBe(1);
    expect(played.stderr).toMatch(
      /^\nStep \d+ went wrong: the status should be 200; received should be true\.\n$/,
    );
  });

  it('says in a sentence that nobody answers any more', async () => {
    writeRuntime('old.json', { api: { url: 'http://127.0.0.1:1' } });
    const played = await demo('old.json');
    expect(played.code).toBe(1);
    expect(played.stderr).toBe('\nhttp://127.0.0.1:1 does not answer: does npm start still run?\n');
  });
});

const environmentFile = (env: Record<string, string>) =>
  Object.entries(env)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');

function writeRuntime(name: string, change: object = {}): void {
  const runtime = {
    api: { url: product.api.url },
    firebase_auth: { url: new URL(part('FIREBASE_URL')).origin },
    mail: { url: new URL(part('MAIL_URL')).origin },
    stripe: { url: stripe.local.url, webhook_secret: product.env.STRIPE_WEBHOOK_SECRET },
    ...change,
  };
  writeFileSync(join(clone, '.gatehouse', name), JSON.stringify(runtime));
}

/** The README's text with our own database in the place of example.com's. */
function ours(written: string): string {
  const stands = {
    // npm would look for a whole clone.
    'npm run admin --silent --': 'node --env-file=local.env dist/apps/cli/main.js',
    // Production takes no database without TLS.
    'ENV=production': 'ENV=test',
    'postgres://postgres:PASSWORD@db.example.com/postgres': fresh.adminUrl,
    'postgres://gatehouse_app:PASSWORD@db.example.com/gatehouse?sslmode=verify-full': fresh.url,
    'postgres://gatehouse_system:PASSWORD@db.example.com/gatehouse?sslmode=verify-full': fresh.systemUrl,
    'postgres://gatehouse_migrator:PASSWORD@db.example.com/gatehouse?sslmode=verify-full': fresh.migratorUrl,
  };
  return Object.entries(stands).reduce((left, [theirs, our]) => left.replaceAll(theirs, our), written);
}

/** What the shell waits for before a command: that the reader has done what the page asks for. */
function cueBefore({ page, line }: Command): string {
  const above = readFileSync(page, 'utf8')
    .split('\n')
    .slice(0, line - 1)
    .join('\n');
  const text = above.slice(above.lastIndexOf('```'));
  const cue = text.includes(STOPPED) ? 'stop' : text.includes(RUNS_AGAIN) ? 'start' : null;
  return cue ? `echo > ${cue}.wanted; read -r _ < ${cue}.done\n` : '';
}

/** Stops the API when the shell has come so far, and starts it again on its port. */
async function playTheReader(): Promise<void> {
  const { port } = new URL(product.api.url);
  await readFile(join(clone, 'stop.wanted'));
  await product.api.stop();
  await writeFile(join(clone, 'stop.done'), 'done\n');
  await readFile(join(clone, 'start.wanted'));
  await product.startApi({ PORT: port });
  await writeFile(join(clone, 'start.done'), 'done\n');
}

/** Opened for both, a pipe has a reader and a writer: nobody waits at it any more. */
function letGo(pipe: string): void {
  const file = openSync(pipe, 'r+');
  writeSync(file, '\n');
  closeSync(file);
}

/** What is printed, in the end; whatever it asks for meanwhile is done at the browser, as Ben, and as Nora, who pays. */
async function followed(output: Readable): Promise<string> {
  let printed = '';
  let answered = 0;
  let ben: Person | undefined;
  for await (const piece of output.setEncoding('utf8')) {
    printed += String(piece);
    const news = printed.slice(answered);
    const page = CHECKOUT.exec(news)?.[1];
    if (page) {
      answered = printed.length;
      await pay(await browser.person(), page);
    }
    const asked = ADDRESS.exec(news) ?? CODE.exec(news);
    if (!asked) continue;
    answered = printed.length;
    ben ??= await browser.person();
    const [, first = '', typed] = asked;
    await letIn(ben, typed ?? first, typed ? first : null, /ben-\d+@kites\.example/.exec(printed)?.[0] ?? '');
  }
  return printed;
}

/** With the card that stands there, which pays. */
async function pay({ page }: Person, address: string): Promise<void> {
  await page.goto(address);
  await page.getByRole('button', { name: 'Pay and subscribe' }).click();
  await page.waitForURL('**/login**');
}

/** Signs in where that is asked for, gives the code of a device, and lets the program in. */
async function letIn(person: Person, address: string, code: string | null, email: string): Promise<void> {
  await person.page.goto(address);
  if (person.path.startsWith('/login')) {
    await person.fill({ 'E-mail address': email, Password: PASSWORD });
    await person.press('Sign in');
  }
  if (code !== null) {
    await person.fill({ 'Code on the device': code });
    await person.press('Continue');
  }
  await person.press('Let it in');
}

/** One shell for all of it, as a person would have; the product's own programs need the Node that runs this. */
async function shell(script: string): Promise<{ stdout: string; stderr: string }> {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const child = spawn('sh', ['-eu'], {
    cwd: clone,
    env: { ...INHERITED, HOME: clone, PATH: path },
    timeout: SHELL_MS,
  });
  child.stdin.end(script);
  const [stdout, stderr] = await Promise.all([followed(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

async function demo(runtime: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const file = join(clone, '.gatehouse', runtime);
  const child = spawn(process.execPath, ['dist/apps/local/demo.js', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, stdout, stderr };
}
