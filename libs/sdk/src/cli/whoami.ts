import { answered, openSignedIn } from './signing-in.js';
import { EXIT } from './exit-codes.js';
import { plain, say } from './terminal.js';
import type { Verb } from './verb.js';

export const whoami: Verb = {
  name: 'whoami',
  summary: 'say who is signed in, where, and as what',
  help: `gatehouse whoami [--json]

  Asks the server. Ends with 77 when nobody is signed in, with 69 when it does not answer.`,
  options: { json: { type: 'boolean' } },
  maxPositionals: 0,
  run: async (call) => {
    const { auth } = await openSignedIn(call);
    const { user, tenant, role, scopes } = await answered(auth.me());
    if (call.values['json']) {
      say(
        JSON.stringify(
          {
            user: { id: user.id, email: user.email, email_verified: user.emailVerified },
            tenant: { id: tenant.id, name: tenant.name, slug: tenant.slug, plan: tenant.plan },
            role,
            scopes,
            url: auth.api.url,
          },
          null,
          2,
        ),
      );
      return EXIT.ok;
    }
    say(plain(user.email));
    say(`Organisation: ${plain(tenant.name)} (${plain(tenant.slug)}), as ${plain(role)}`);
    say(`Plan: ${plain(tenant.plan)}`);
    say(`Server: ${auth.api.url}`);
    return EXIT.ok;
  },
};
