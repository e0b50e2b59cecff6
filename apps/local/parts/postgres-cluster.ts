import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { causeInOutput, Refusal } from '../refusal.js';
import type { PostgresHome } from './postgres-home.js';

export const SUPERUSER = 'postgres';
const MAJOR = '18';

/** Nothing of the caller's: PGPORT, PGDATA and their sisters would be obeyed. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C' };
}

export async function makeCluster(
  home: PostgresHome,
  directory: string,
  password: string,
  durable: boolean,
): Promise<void> {
  if (existsSync(home.data)) {
    refuseOtherVersion(home);
    return;
  }
  // A cluster whose making was interrupted is never mistaken for a whole one.
  const unfinished = `${home.data}.new`;
  const passwordFile = `${home.data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.user) for (const path of [unfinished, passwordFile]) chownSync(path, home.user.uid, home.user.gid);
  try {
    await initdb(home, unfinished, passwordFile, durable);
    renameSync(unfinished, home.data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function initdb(
  home: PostgresHome,
  data: string,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  const args = ['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8'];
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions');
  if (!durable) args.push('--no-sync');
  const binary = join(home.native, 'bin', 'initdb');
  let output = await failureOf(home, binary, args);
  if (output !== undefined && NAMELESS.test(output))
    output = await failureOf(home, 'unshare', [...AS_NOBODY, binary, ...args]);
  if (output === undefined) return;
  throw new Refusal(
    causeInOutput(output) ??
      namelessUser(output) ??
      `initdb could not make PostgreSQL's data in ${data}:\n${output}`,
  );
}

/** initdb insists on a name for the user that runs it; a container's may be a bare number. */
const NAMELESS = /could not look up effective user ID/;
const AS_NOBODY = ['--user', '--map-user=65534', '--map-group=65534', '--'];

function namelessUser(output: string): string | undefined {
  if (!/look up effective user ID|unshare/.test(output)) return undefined;
  return (
    `PostgreSQL's initdb wants a name for the user that runs it, and the id ${process.getuid?.()} has none in /etc/passwd: ` +
    'add one, or start as another user, or set DATABASE_URL.'
  );
}

/** What it printed when it failed; undefined when it did its work. */
async function failureOf(home: PostgresHome, command: string, args: string[]): Promise<string | undefined> {
  const child = spawn(command, args, {
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...home.user,
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code ?? 'killed'));
  });
  const [printed, complaints, ending] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return ending === 0 ? undefined : `${printed}${complaints}${typeof ending === 'string' ? ending : ''}`;
}

function refuseOtherVersion(home: PostgresHome): void {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined);
  const made = read(join(home.data, 'PG_VERSION'));
  if (made === undefined || made === MAJOR) return;
  throw new Refusal(
    `${home.data} was made by PostgreSQL ${made}, and this is ${MAJOR}: go back to the older version of Gatehouse, ` +
      'or remove .gatehouse/postgres together with what is in it.',
  );
}

/** The superuser's, made once. */
export function keepPassword(directory: string): string {
  const file = join(directory, 'superuser.password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8').trim();
}
