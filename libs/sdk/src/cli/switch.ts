import type { OwnTenant } from '../api/tenancy-answers.js';
import type { AuthClient } from '../node/auth-client.js';
import { ask, isInteractive } from './ask.js';
import { EXIT, Refusal } from './exit-codes.js';
import { answered, enterTenant, openSignedIn } from './signing-in.js';
import { findTenant, lineOf } from './tenants.js';
import { plain, say } from './terminal.js';
import type { Verb } from './verb.js';

/** What a person looks through. */
const MAX_SHOWN = 200;

export const switchTenant: Verb = {
  name: 'switch',
  summary: 'go to another organisation',
  help: `gatehouse switch [TENANT]

  TENANT            its id, or the short name in its address (slug); without one, in a terminal, you choose from a list

  Programs that run under the session before lose their seats.`,
  options: {},
  maxPositionals: 1,
  run: async (call) => {
    const { auth, now } = await openSignedIn(call);
    const [wanted] = call.positionals;
    const tenant = await (wanted === undefined
      ? choose(auth, now.tenantId)
      : answered(findTenant(auth, wanted)));
    if (tenant.id === now.tenantId) {
      say(`You are at ${lineOf(tenant)}.`);
      return EXIT.ok;
    }
    const { user } = await enterTenant(auth, tenant.id);
    say(`Signed in as ${plain(user.email)} at ${lineOf(tenant)}.`);
    return EXIT.ok;
  },
};

async function choose(auth: AuthClient, current: string): Promise<OwnTenant> {
  if (!isInteractive())
    throw new Refusal(
      EXIT.usage,
      'Say which organisation: gatehouse switch TENANT. Only a terminal can show a list to choose from.',
    );
  const all = await answered(shown(auth));
  for (const [index, tenant] of all.entries()) {
    const mark = tenant.id === current ? '*' : ' ';
    say(`${String(index + 1).padStart(4)} ${mark} ${lineOf(tenant)}`);
  }
  const typed = await ask('Which one? ');
  const chosen = all[Number(typed) - 1] ?? all.find(({ slug }) => slug === typed);
  if (typed === null || !chosen)
    throw new Refusal(EXIT.usage, 'None was chosen; everything stays as it was.');
  return chosen;
}

async function shown(auth: AuthClient): Promise<OwnTenant[]> {
  const all: OwnTenant[] = [];
  for await (const tenant of auth.api.tenancy.tenants()) if (all.push(tenant) >= MAX_SHOWN) break;
  return all;
}
