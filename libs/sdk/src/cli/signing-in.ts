import { ApiError, isRefusal, MfaEnrollmentRequired, MfaRequired } from '../api/api-error.js';
import type { SignedIn } from '../api/answers.js';
import { isSecure } from '../api/server-url.js';
import { AuthClient } from '../node/auth-client.js';
import { authFile } from '../state/auth-file.js';
import { mayUseHttp } from './activated.js';
import { activationFile } from './activation-file.js';
import { ask, isInteractive } from './ask.js';
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

export const nobody = () =>
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

/** Goes to an organisation, with the code that it may ask for, from a terminal. Throws Refusal. */
export async function enterTenant(auth: AuthClient, tenantId: string): Promise<SignedIn> {
  try {
    return await answered(auth.switchTenant(tenantId).catch(challenged));
  } catch (error) {
    if (!(error instanceof Challenge)) throw error;
    if (!isInteractive())
      throw new Refusal(EXIT.refused, 'The organisation asks for a code: do this in a terminal.');
    for (let left = 3; ; left--) {
      const code = await ask('Code of your authenticator, or a backup code: ');
      if (code === null) throw new Refusal(EXIT.refused, 'Without a code everything stays as it was.');
      try {
        return await auth.answerChallenge({ mfaToken: error.mfaToken, code: code.replaceAll(' ', '') });
      } catch (wrong) {
        if (left === 1 || !isRefusal(wrong, 'CODE_INVALID')) return answered(Promise.reject(wrong as Error));
        warn('That code was not right.');
      }
    }
  }
}

/** A second factor is asked for, which a person has at hand. */
class Challenge extends Error {
  constructor(readonly mfaToken: string) {
    super();
  }
}

function challenged(error: unknown): never {
  if (error instanceof MfaRequired) throw new Challenge(error.mfaToken);
  if (error instanceof MfaEnrollmentRequired)
    throw new Refusal(
      EXIT.refused,
      'The organisation asks for a second factor, and you have none: sign in there in a browser to set one up.',
    );
  throw error;
}
