import { ApiError, isRefusal, MfaEnrollmentRequired, MfaRequired } from '../api/api-error.js';
import type { SignedIn } from '../api/answers.js';
import { isSecure } from '../api/server-url.js';
import type { StoredAuth } from '../auth/stored-auth.js';
import { AuthClient } from '../node/auth-client.js';
import { authFile } from '../state/auth-file.js';
import { mayUseHttp } from './activated.js';
import { activationFile } from './activation-file.js';
import { EXIT, Refusal } from './exit-codes.js';
import { plain, warn } from './terminal.js';
import type { Call } from './verb.js';

/** Who signs in where: at the server that was said, of whoever is signed in, or that the licence is of. Throws Refusal. */
export async function openAuth({ said, directory }: Call): Promise<AuthClient> {
  const [kept, activation] = await Promise.all([
    authFile(directory).read(),
    activationFile(directory).read(),
  ]);
  const url = said.url ?? kept?.url ?? activation?.url;
  if (!url) throw new Refusal(EXIT.usage, 'Say where the server is: --url https://...');
  const allowHttp = said.allowHttp || (url === activation?.url && mayUseHttp(said, activation));
  if (!allowHttp && !isSecure(url))
    throw new Refusal(EXIT.usage, `${url} would get tokens in the clear: use https, or say --allow-http.`);
  const auth = new AuthClient({ url, directory, allowHttp });
  auth.on('warning', ({ message }) => warn(message));
  return auth;
}

/** Who is signed in here, and where. Throws Refusal, also when nobody ever was. */
export async function openSignedIn(call: Call): Promise<{ auth: AuthClient; now: StoredAuth['user'] }> {
  if (!call.said.url && !(await authFile(call.directory).read())) throw nobody();
  const auth = await openAuth(call);
  const now = await auth.user();
  if (!now) throw nobody();
  return { auth, now };
}

const nobody = () =>
  new Refusal(EXIT.refused, 'Nobody is signed in on this machine. Sign in: gatehouse login');

/** Throws Refusal for what a server said, or did not say. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error, 'UNAUTHENTICATED')) throw nobody();
    if (!(error instanceof ApiError)) throw error;
    throw error.isUnreachable
      ? new Refusal(EXIT.unavailable, plain(error.message))
      : new Refusal(EXIT.refused, `${plain(error.message)} (${error.code})`);
  }
}

/** Goes to an organisation. Throws Refusal. */
export const enterTenant = (auth: AuthClient, tenantId: string): Promise<SignedIn> =>
  answered(auth.switchTenant(tenantId).catch(challenged));

/** What is shown and set up there has its pages: a terminal is no place for it. */
function challenged(error: unknown): never {
  // Nobody has shown themselves to a program: the organisation asks for a second factor that has to be set up first.
  if (isRefusal(error, 'REAUTHENTICATION_REQUIRED'))
    throw new Refusal(
      EXIT.refused,
      'The organisation asks for a second factor, and you have none: sign in anew (gatehouse login), and on the page ' +
        'that asks whether to let the program in, press "Switch to" first.',
    );
  if (error instanceof MfaRequired)
    throw new Refusal(
      EXIT.refused,
      'The organisation asks for your second factor: sign in anew (gatehouse login), and choose it in the browser.',
    );
  if (error instanceof MfaEnrollmentRequired)
    throw new Refusal(
      EXIT.refused,
      'The organisation asks for a second factor, and you have none: sign in there in a browser to set one up.',
    );
  throw error;
}
