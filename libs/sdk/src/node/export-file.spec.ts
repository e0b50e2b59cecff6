import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatehouseApi } from '../api/gatehouse-api.js';
import { failure } from '../testing/failure.js';
import { saveExport } from './export-file.js';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const EXPORT = {
  ...{ id: 'exp_1', status: 'ready', progress: { done: 2, total: 2 }, size: CONTENT.length, failure: null },
  ...{ asked_by: 'usr_1', asked_at: '2026-03-01T12:00:00.000Z', ended_at: null, expires_at: null },
};

let server: Server;
let directory: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let sha256: string | null;
let ranges: (string | undefined)[];
beforeEach(async () => {
  ranges = [];
  sha256 = createHash('sha256').update(CONTENT).digest('hex');
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-export-'));
  server = createServer((request, response) => {
    if (!request.url?.endsWith('/file')) return response.end(JSON.stringify({ ...EXPORT, sha256 }));
    ranges.push(request.headers.range);
    handle(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const exportsOf = (timeoutMs = 10_000) =>
  new GatehouseApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs }).tenancy
    .exports;

/** Serves the file, or the rest of it; breaks off after so many bytes each time. */
const serve =
  (breakAfter: number[], etag = '"one"') =>
  ({ headers }: IncomingMessage, response: ServerResponse) => {
    const from =
      headers['if-range'] === etag ? Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = CONTENT.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      ...{ etag, 'content-length': rest.length, 'content-type': 'application/gzip' },
      ...(from > 0 && { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` }),
    });
    const end = breakAfter.shift();
    if (end === undefined) response.end(rest);
    else response.write(rest.subarray(0, end), () => response.destroy());
  };

describe('the file of an export', () => {
  it('comes whole, its owner’s alone, and only then by its name', async () => {
    handle = serve([]);
    const path = join(directory, 'acme.jsonl.gz');
    expect(await saveExport(exportsOf(), 'exp_1', path)).toBe(CONTENT.length);
    expect((await readFile(path)).equals(CONTENT)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['acme.jsonl.gz']);
  });

  it('goes on where the connection broke', async () => {
    handle = serve([100_000, 50_000]);
    const path = join(directory, 'acme.jsonl.gz');
    await saveExport(exportsOf(), 'exp_1', path);
    expect((await readFile(path)).equals(CONTENT)).toBe(true);
    expect(ranges.length).toBe(3);
    expect(ranges[0]).toBeUndefined();
    expect(ranges[2]).toMatch(/^bytes=\d+-$/);
  });

  it('begins anew where it is another file by now', async () => {
    const first = serve([100_000]);
    handle = (request, response) => {
      first(request, response);
      handle = serve([], '"two"');
    };
    const path = join(directory, 'acme.jsonl.gz');
    expect(await saveExport(exportsOf(), 'exp_1', path)).toBe(CONTENT.length);
    expect((await readFile(path)).equals(CONTENT)).toBe(true);
  });

  it('leaves nothing behind that is not whole', async () => {
    handle = (_, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 'NOT_FOUND', message: 'No such export.' } }));
    };
    const error = await failure(saveExport(exportsOf(), 'exp_1', join(directory, 'acme.jsonl.gz')));
    expect(error.code).toBe('NOT_FOUND');
    expect(await readdir(directory)).toEqual([]);
  });

  it('that is not the one that was made is not kept', async () => {
    handle = serve([]);
    sha256 = '0'.repeat(64);
    const error = await failure(saveExport(exportsOf(), 'exp_1', join(directory, 'acme.jsonl.gz')));
    expect(error.code).toBe('BAD_ANSWER');
    expect(await readdir(directory)).toEqual([]);
  });

  it('is called off in the middle', async () => {
    const stop = new AbortController();
    handle = (_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 10), () => stop.abort());
    };
    const saving = saveExport(exportsOf(), 'exp_1', join(directory, 'acme.jsonl.gz'), {
      signal: stop.signal,
    });
    expect((await failure(saving)).code).toBe('ABORTED');
    expect(await readdir(directory)).toEqual([]);
  });

  it('that comes to a halt is given up after its time, piece by piece', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 10));
    };
    const { body } = await exportsOf(100).open('exp_1');
    const reader = body.getReader();
    expect((await reader.read()).value?.byteLength).toBe(10);
    expect((await failure(reader.read())).code).toBe('TIMED_OUT');
  });
});
