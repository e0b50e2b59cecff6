import { activated } from './activated.js';
import { activationFile, requestFile } from './activation-file.js';
import { EXIT } from './exit-codes.js';
import { openLicense } from './license.js';
import { pinnedFile } from '../state/pinned-file.js';
import { say } from './terminal.js';
import type { Verb } from './verb.js';

export const deactivate: Verb = {
  name: 'deactivate',
  summary: 'give the seat back and forget the licence',
  help: `gatehouse deactivate [--forget-keys]

  --forget-keys     also whom this machine trusts: the next activation believes the server anew`,
  options: { 'forget-keys': { type: 'boolean' } },
  maxPositionals: 0,
  run: async (call) => {
    const { isOffline, ...terms } = await activated(call);
    const { directory } = call;
    const client = openLicense(terms, call.said, directory);
    const isReleased = await client.deactivate();
    await activationFile(directory).remove();
    await requestFile(directory).remove();
    if (call.values['forget-keys']) await pinnedFile(directory).remove();
    say('Deactivated: this machine has no licence any more.');
    if (!isReleased && !isOffline)
      say('The server was not reached; the seat comes free by itself within minutes.');
    return EXIT.ok;
  },
};
