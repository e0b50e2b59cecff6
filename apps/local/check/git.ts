import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

/** Runs git in `repository` and returns what it prints; throws its own words when it fails. */
export async function git(repository: string, args: string[], input = ''): Promise<Buffer> {
  const child = spawn('git', args, { cwd: repository, stdio: 'pipe' });
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  child.stdin.on('error', () => {}); // it may end before it has read everything
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  if (code !== 0) throw new Error(`git ${args[0]} failed: ${stderr.toString('utf8').trim()}`);
  return stdout;
}

export interface Blob {
  id: string;
  /** One of the paths it was committed under. */
  path: string;
}

/** Every file that any branch, tag or stash reaches, each content once. */
export async function allBlobs(repository: string): Promise<Blob[]> {
  const listed = (await git(repository, ['rev-list', '--objects', '--all'])).toString('utf8').split('\n');
  return listed
    .map((line) => ({ id: line.slice(0, line.indexOf(' ')), path: line.slice(line.indexOf(' ') + 1) }))
    .filter(({ id, path }) => id && path);
}

/** How many contents are in memory at once. */
const BATCH = 1_000;

/** The contents of objects, in order; trees and what is larger than `limit` bytes are left out. */
export async function* readBlobs(
  repository: string,
  blobs: readonly Blob[],
  limit: number,
): AsyncIterable<{ blob: Blob; content: Buffer }> {
  for (let from = 0; from < blobs.length; from += BATCH) {
    yield* await readBatch(repository, blobs.slice(from, from + BATCH), limit);
  }
}

async function readBatch(repository: string, blobs: readonly Blob[], limit: number) {
  const types = (await git(repository, ['cat-file', '--batch-check'], idsOf(blobs)))
    .toString('utf8')
    .split('\n');
  const wanted = blobs.filter((_, i) => {
    const [, type, size] = (types[i] ?? '').split(' ');
    return type === 'blob' && Number(size) <= limit;
  });
  const stream = await git(repository, ['cat-file', '--batch'], idsOf(wanted));
  let at = 0;
  return wanted.map((blob) => {
    // "<id> blob <size>\n<content>\n"
    const headerEnd = stream.indexOf('\n', at);
    const size = Number(stream.toString('utf8', at, headerEnd).split(' ')[2]);
    const content = stream.subarray(headerEnd + 1, headerEnd + 1 + size);
    at = headerEnd + 1 + size + 1;
    return { blob, content };
  });
}

const idsOf = (blobs: readonly Blob[]) => blobs.map((blob) => `${blob.id}\n`).join('');
