import { authFile } from '../state/auth-file.js';
import { EXIT } from './exit-codes.js';
import { answered, openAuth } from './signing-in.js';
import { say } from './terminal.js';
import type { Verb } from './verb.js';

export const logout: Verb = {
  name: 'logout',
  summary: 'sign out',
  help: `gatehouse logout [--everywhere]

  --everywhere      on every device, in every organisation; needs the server`,
  options: { everywhere: { type: 'boolean' } },
  maxPositionals: 0,
  run: async (call) => {
    const { directory, said } = call;
    if (!said.url && !(await authFile(directory).read())) return gone();
    const auth = await openAuth(call);
    if (!(await auth.user())) return gone();
    if (call.values['everywhere']) {
      const ended = await answered(auth.signOutEverywhere());
      say(`Signed out everywhere: ${ended} ${ended === 1 ? 'session' : 'sessions'} ended.`);
      return EXIT.ok;
    }
    const isEnded = await auth.signOut();
    say('Signed out.');
    if (!isEnded)
      say('The server was not reached; nobody can use the session any more, and it runs out there.');
    return EXIT.ok;
  },
};

function gone(): number {
  say('Nobody is signed in on this machine.');
  return EXIT.ok;
}
