import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sameBytes } from '../crypto/client-crypto.js';
import { utf8 } from '../formats/base64url.js';
import { codeOf } from '../state/private-file.js';
import { type LoopbackPage, pageOf } from './loopback-page.js';

/** What a browser brings back (RFC 6749, 4.1.2): a code, or why there is none. */
export type LoopbackAnswer = { code: string } | { error: string };

/** What an answer has to say, so that it is one to our question. */
export interface LoopbackExpected {
  state: string;
  /** RFC 9207: who has to have answered. */
  issuer: string;
}

export interface Loopback {
  redirectUri: string;
  /** The first right one; whatever else comes changes nothing. */
  answer: Promise<LoopbackAnswer>;
  close(): void;
}

/** Literal, as RFC 8252, 7.3 and 8.3 have it: `localhost` may be anything. */
const HOST = '127.0.0.1';
const PATH = '/callback';
/** In characters; a code, a state and an issuer take a tenth of it. */
const MAX_URL = 4_096;
const MAX_HEADERS = 16_384;
/** Browsers open a few connections ahead. */
const MAX_CONNECTIONS = 16;
/** Of a request, ms: it comes from this very machine. */
const REQUEST_MS = 5_000;
/** How often late requests are looked for, ms. */
const LOOK_MS = 1_000;
const WORD = /^[\w.~-]{1,2048}$/;

/**
 * Waits on this machine's loopback for the one redirect that ends a sign-in in a browser. Takes `port`, or any free one
 * where that is somebody's. Anything may call it: other pages, other people of this machine.
 */
export async function openLoopback(port: number, expected: LoopbackExpected): Promise<Loopback> {
  let settle: (answer: LoopbackAnswer) => void = () => undefined;
  const answer = new Promise<LoopbackAnswer>((resolve) => (settle = resolve));
  let isOver = false;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADERS,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: LOOK_MS,
      keepAlive: false,
    },
    (request, response) => {
      const refused = refusalOf(request, `${HOST}:${portOf(server)}`);
      if (refused !== null) return respond(response, refused, 'nothing-here');
      if (isOver) return respond(response, 410, 'over');
      const found = answerOf(new URL(request.url ?? '', `http://${HOST}`).searchParams, expected);
      if (found === null) return respond(response, 400, 'not-ours');
      isOver = true;
      // First the page, whole: what comes next closes the server.
      respond(response, 200, 'code' in found ? 'done' : 'refused', () => settle(found));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, port).catch((error: unknown) => {
    if (port === 0 || !['EADDRINUSE', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
    return listen(server, 0);
  });
  return {
    redirectUri: `http://${HOST}:${portOf(server)}${PATH}`,
    answer,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The status for what is no redirect of a browser to us. A name that somebody's DNS points here is not our host. */
function refusalOf(request: IncomingMessage, host: string): number | null {
  const { method, headers, url = '' } = request;
  if (headers.host !== host) return 421;
  if (url.length > MAX_URL) return 414;
  if (url !== PATH && !url.startsWith(`${PATH}?`)) return 404;
  return method === 'GET' ? null : 405;
}

/** null: not an answer to what we asked. */
function answerOf(from: URLSearchParams, { state, issuer }: LoopbackExpected): LoopbackAnswer | null {
  const one = (name: string) => {
    const all = from.getAll(name);
    return all.length === 1 ? (all[0] ?? '') : '';
  };
  if (!sameBytes(utf8(one('state')), utf8(state)) || one('iss') !== issuer) return null;
  const [code, error] = [one('code'), one('error')];
  if (code === '' && WORD.test(error)) return { error };
  return error === '' && WORD.test(code) ? { code } : null;
}

function respond(response: ServerResponse, status: number, page: LoopbackPage, then?: () => void): void {
  const { body, headers } = pageOf(page);
  response.writeHead(status, { ...headers, connection: 'close' });
  if (then) response.once('close', then);
  response.end(body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
