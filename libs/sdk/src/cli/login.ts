import { isRefusal } from '../api/api-error.js';
import type { SignedIn } from '../api/answers.js';
import type { AuthClient } from '../node/auth-client.js';
import { hasBrowser, openBrowser, thisDesk } from '../node/open-browser.js';
import { codeText } from './device-code.js';
import { EXIT, Refusal } from './exit-codes.js';
import { interruptible } from './interruptible.js';
import { answered, enterTenant, openAuth } from './signing-in.js';
import { findTenant } from './tenants.js';
import { plain, say } from './terminal.js';
import type { Verb } from './verb.js';

export const login: Verb = {
  name: 'login',
  summary: 'sign in, in a browser or by a code on another device',
  help: `gatehouse login [--url URL] [--tenant TENANT] [--device | --no-browser]

  --device          by a code that is typed on another device; so without a display, over SSH, and as root
  --no-browser      shows the address to open on this machine, and opens nothing; else BROWSER names the program for it
  --tenant TENANT   at this organisation, by its id or the short name in its address (slug); where that is refused,
                    whoever agreed is signed in at their own

  Whoever was signed in here before is signed out. Tokens lie in auth.json of the state directory, their owner's alone.
  The server is the one of --url or of the last time. Ends with 77 when it was refused or nobody agreed in time.`,
  options: {
    device: { type: 'boolean' },
    'no-browser': { type: 'boolean' },
    tenant: { type: 'string' },
  },
  maxPositionals: 0,
  run: async (call) => {
    const { device, tenant, 'no-browser': noBrowser } = call.values;
    if (device && noBrowser) throw new Refusal(EXIT.usage, 'Say --device or --no-browser, not both.');
    const auth = await openAuth(call);
    const byCode = device || (!noBrowser && !hasBrowser(thisDesk()));
    const signedIn = await interruptible((signal) =>
      agreed(byCode ? byDevice(auth, signal) : byBrowser(auth, signal, noBrowser !== true)),
    );
    // Before they go on: where that is refused, this is where they are.
    say(told(signedIn));
    if (typeof tenant === 'string' && !isThere(signedIn, tenant)) say(told(await goTo(auth, tenant)));
    return EXIT.ok;
  },
};

function byBrowser(auth: AuthClient, signal: AbortSignal, mayOpen: boolean): Promise<SignedIn> {
  return auth.signInWithBrowser({
    signal,
    open: async (url) => {
      say(`To sign in, open this address in a browser of this machine:\n\n  ${url}\n`);
      if (mayOpen && (await openBrowser(url))) say('It should be open already.');
      say('Waiting for the browser; Ctrl-C stops.');
    },
  });
}

function byDevice(auth: AuthClient, signal: AbortSignal): Promise<SignedIn> {
  return auth.signInWithDevice({ signal, onCode: (code) => void codeText(code, process.stdout).then(say) });
}

/** Throws Refusal for what people and servers say to it. */
async function agreed<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error, 'access_denied'))
      throw new Refusal(EXIT.refused, 'It was refused there. Nobody was signed in.');
    if (isRefusal(error, 'expired_token', 'TIMED_OUT'))
      throw new Refusal(EXIT.refused, 'Nobody agreed in time. Begin anew: gatehouse login');
    return answered(Promise.reject(error as Error));
  }
}

const told = ({ user, tenant }: SignedIn) =>
  `Signed in as ${plain(user.email)} at ${plain(tenant.name)} (${plain(tenant.slug)}).`;

const isThere = ({ tenant }: SignedIn, wanted: string) => [tenant.id, tenant.slug].includes(wanted);

async function goTo(auth: AuthClient, wanted: string): Promise<SignedIn> {
  const { id } = await answered(findTenant(auth, wanted));
  return enterTenant(auth, id);
}
