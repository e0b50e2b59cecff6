import { ApiError } from '../api/api-error.js';
import type { Tokens } from '../api/answers.js';
import type { OAuthApi } from '../api/oauth-api.js';
import { aborted } from '../api/refusals.js';
import { secureUrl } from '../api/server-url.js';
import { newPkce, newSecret } from '../auth/pkce.js';
import type { ClientTime } from '../client/platform.js';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { openBrowser } from './open-browser.js';
import { type LoopbackAnswer, openLoopback } from './loopback.js';

export interface BrowserSignIn {
  /** Gets the address where the person signs in, to open or to show it; opens a browser when left out. */
  open?: (url: string) => unknown;
  /** Where the browser comes back to on this machine; 8787 when left out, and any free one where that is taken. */
  port?: number;
  /** How long the person may take, ms; 10 minutes when left out. */
  timeoutMs?: number;
  /** What the person is asked to let in, such as `ada's laptop`. */
  deviceName?: string;
  signal?: AbortSignal;
}

const PORT = 8_787;
const TIMEOUT_MS = 600_000;

/**
 * Tokens for who agrees in a browser of this machine: authorization code with PKCE (RFC 8252, RFC 7636). Throws ApiError:
 * `access_denied`, `TIMED_OUT`, `ABORTED`.
 */
export async function browserGrant(
  oauth: OAuthApi,
  { time, allowHttp }: { time: ClientTime; allowHttp?: boolean },
  input: BrowserSignIn,
): Promise<Tokens> {
  const { open = openOrFail, port = PORT, timeoutMs = TIMEOUT_MS, deviceName, signal } = input;
  const server = await oauth.server({ signal });
  // A password is typed there.
  secureUrl(new URL(server.authorizationEndpoint).origin, allowHttp);
  const { verifier, challenge } = await newPkce(nodeCrypto);
  const state = newSecret(nodeCrypto);
  const loopback = await openLoopback(port, { state, issuer: server.issuer });
  const { redirectUri } = loopback;
  try {
    const url = oauth.authorizeUrl(server, { redirectUri, state, challenge, deviceName });
    // A browser may run for as long as it is used, and what cannot be opened ends the waiting.
    const opened = (async () => open(url))().then(() => loopback.answer);
    const answer = await within(Promise.race([opened, loopback.answer]), { time, timeoutMs, signal });
    return await oauth.exchangeCode({ code: codeIn(answer), redirectUri, verifier }, { signal });
  } finally {
    loopback.close();
  }
}

async function openOrFail(url: string): Promise<void> {
  if (await openBrowser(url)) return;
  const message = 'No browser can be opened here; sign in with a code on another device.';
  throw new ApiError({ status: null, code: 'NO_BROWSER', message });
}

/** Of what went wrong, the words of the RFC; whatever else is said is somebody's text. */
function codeIn(answer: LoopbackAnswer): string {
  if ('code' in answer) return answer.code;
  const message =
    answer.error === 'access_denied' ? 'It was refused in the browser.' : `It ended with ${answer.error}.`;
  throw new ApiError({ status: null, code: answer.error, message });
}

async function within<T>(
  work: Promise<T>,
  { time, timeoutMs, signal }: { time: ClientTime; timeoutMs: number; signal?: AbortSignal },
): Promise<T> {
  let end: () => void = () => undefined;
  const enough = new Promise<never>((_, reject) => {
    const late = 'Nobody signed in within the time.';
    const callOff = time.after(
      timeoutMs,
      () => reject(new ApiError({ status: null, code: 'TIMED_OUT', message: late })),
      { keepAlive: true },
    );
    const abort = () => reject(aborted());
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    end = () => {
      callOff();
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([work, enough]);
  } finally {
    end();
  }
}
