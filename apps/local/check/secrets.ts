import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runSecretLint } from 'secretlint';
import { z } from 'zod';
import { root } from '../paths.js';
import { allBlobs, git, readBlobs } from './git.js';
import { failed, passed, type Step } from './step.js';

/** Text of people; what is larger was generated. */
const LARGEST = 1024 * 1024;
/** Secretlint takes 20 ms a call and 20 ms a megabyte, so many texts go through it at once. */
const BATCH = 4 * LARGEST;

/** Blobs of the history that were reported, looked at and found harmless: id, and why. */
const ACCEPTED: Readonly<Record<string, string>> = {
  // Passwords of databases that never were: what a test of the wizard typed.
  fb21a48862a1f716c154f589d4e610e2c07a8dd5: 'apps/cli/wizard/answer-questions.spec.ts',
  '892019b665613b01aa22623345e3e1298cd6d316': 'test/journeys/setup-wizard.spec.ts',
};

/** What secretlint does not know: Stripe, Resend, short keys, and those of our own configuration (32 bytes, base64). */
const OURS: readonly [string, RegExp][] = [
  ['a Stripe key', /\b[rs]k_live_[0-9A-Za-z]{24,}/g],
  ['a Stripe webhook secret', /\bwhsec_[0-9A-Za-z+/]{32,}/g],
  ['an API key of Gatehouse', /\bgh_key_live_[0-9A-Za-z]{92}\b/g],
  ['a Resend key', /\bre_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}\b/g],
  ['a private key in JSON', /"private_key"\s*:\s*"-----BEGIN[^"]{20}/g],
  // Secretlint asks for 100 characters, which an Ed25519 key does not have.
  ['a private key', /-----BEGIN [A-Z ]{0,12}PRIVATE KEY-----[\s\\n]{1,6}M[A-Za-z0-9+/]{39}/g],
  [
    'a key of Gatehouse',
    /\b[A-Z0-9_]*(?:KEYS?|PEPPER|SECRET|_SK)["'\s]{0,4}[=:]["'\s\w:]{0,24}?([0-9A-Za-z+/_-]{43})=/g,
  ],
];
const KEY_CONTAINER = /\.(p12|pfx|jks|keystore)$/i;

/** Secrets in the files of the clone and in everything its git history holds, commit messages included. */
export const secrets: Step = {
  name: 'secrets',
  async run() {
    const { findings, scanned } = await findSecrets(root);
    const shallow = (await git(root, ['rev-parse', '--is-shallow-repository'])).toString().trim() === 'true';
    if (findings.length === 0) {
      return passed(
        `${scanned} texts${shallow ? '; the history is shallow, older commits were not looked at' : ''}`,
      );
    }
    return failed(
      `${findings.join('\n')}\nA secret that was committed is known: revoke it first. ` +
        'A false alarm takes a comment secretlint-disable-line, or a line in apps/local/check/secrets.ts.',
    );
  },
};

/** One line for each place; the secrets themselves are not in it. */
export async function findSecrets(repository: string): Promise<{ findings: string[]; scanned: number }> {
  const findings: string[] = [];
  let scanned = 0;
  for await (const texts of batches(everything(repository))) {
    scanned += texts.length;
    findings.push(...texts.flatMap(ours), ...(await theirs(texts)));
  }
  return { findings: [...new Set(findings)].sort(), scanned };
}

interface Text {
  /** How to name it to a person. */
  place: string;
  /** Its file's name: some rules look at it. */
  name: string;
  content: string;
}

async function* everything(repository: string): AsyncIterable<Text> {
  const listed = await git(repository, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const file of listed.toString('utf8').split('\0').filter(Boolean)) {
    const path = join(repository, file);
    if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > LARGEST) continue;
    yield textOf(file, file, readFileSync(path));
  }
  const blobs = (await allBlobs(repository)).filter(({ id }) => !(id in ACCEPTED));
  for await (const { blob, content } of readBlobs(repository, blobs, LARGEST)) {
    yield textOf(`history: ${blob.path} (blob ${blob.id.slice(0, 12)})`, blob.path, content);
  }
  const commits = await git(repository, ['log', '--all', '-z', '--format=%H%n%an <%ae>%n%B']);
  for (const commit of commits.toString('utf8').split('\0').filter(Boolean)) {
    yield { place: `history: message of ${commit.slice(0, 12)}`, name: 'message', content: commit };
  }
}

const textOf = (place: string, path: string, content: Buffer): Text => ({
  place,
  name: basename(path),
  content: content.includes(0) ? '' : content.toString('utf8'),
});

async function* batches(texts: AsyncIterable<Text>): AsyncIterable<Text[]> {
  let batch: Text[] = [];
  let size = 0;
  for await (const text of texts) {
    batch.push(text);
    size += text.content.length;
    if (size < BATCH) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  yield batch;
}

function ours({ place, name, content }: Text): string[] {
  const found = KEY_CONTAINER.test(name) ? [`${place}: a container of private keys`] : [];
  for (const [what, pattern] of OURS) {
    for (const match of content.matchAll(pattern)) {
      // A key made of one repeated byte is an example.
      if (new Set(match[1] ?? match[0]).size < 10) continue;
      found.push(`${place}:${lineAt(content, match.index)}: ${what}`);
    }
  }
  return found;
}

async function theirs(texts: readonly Text[]): Promise<string[]> {
  const groups = new Map<string, Text[]>();
  for (const text of texts) {
    // A comment that switches secretlint off would do so for the texts behind it.
    const alone = text.content.includes('secretlint-disable');
    const key = alone
      ? text.place
      : /^(\.npmrc|package\.json|package-lock\.json)$/.test(text.name)
        ? text.name
        : '';
    groups.set(key, [...(groups.get(key) ?? []), text]);
  }
  const found: string[] = [];
  for (const group of groups.values()) found.push(...(await lintTogether(group)));
  return found;
}

const Results = z.array(
  z.object({
    messages: z.array(
      z.object({ message: z.string(), loc: z.object({ start: z.object({ line: z.number() }) }) }),
    ),
  }),
);

/** Lints texts as one, and finds out from the line which of them a message is about. */
async function lintTogether(texts: readonly Text[]): Promise<string[]> {
  const starts: number[] = [];
  let line = 1;
  for (const { content } of texts) {
    starts.push(line);
    line += lineAt(content, content.length);
  }
  const { stdout } = await runSecretLint({
    cliOptions: {
      cwd: root,
      stdinFileName: texts[0]?.name ?? '',
      stdinContent: texts.map((text) => text.content).join('\n'),
    },
    engineOptions: {
      cwd: root,
      configFilePath: join(root, '.secretlintrc.json'),
      formatter: 'json',
      color: false,
      maskSecrets: true,
    },
  });
  return Results.parse(JSON.parse(stdout ?? '[]')).flatMap(({ messages }) =>
    messages.map(({ message, loc }) => {
      const index = starts.findLastIndex((start) => start <= loc.start.line);
      return `${texts[index]?.place}:${loc.start.line - (starts[index] ?? 1) + 1}: ${message}`;
    }),
  );
}

const lineAt = (text: string, index: number) => (text.slice(0, index).match(/\n/g)?.length ?? 0) + 1;
