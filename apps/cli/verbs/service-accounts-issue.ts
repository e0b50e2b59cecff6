import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { IssueRequest, IssueServiceAccount, SignedIssueRequest } from '#identity';
import { Actor, SystemClock, wire } from '#platform';
import { instant } from '../arguments.js';
import { withProduct } from '../operator-context.js';
import { inSentences, readNamed, Refused } from '../refused.js';
import { say } from '../say.js';

interface SignOptions {
  tenant: string;
  name: string;
  scopes: string[];
  expires?: Date | null;
}

/** Scopes as one word: `audit:read,licenses:read`. */
export const scopeList = (text: string): string[] => text.split(',').map((one) => one.trim());

const FILE_MAX = 64 * 1024;

/** A request holds for four minutes; what is signed here can be sent from anywhere. */
export function signCommand(): Command {
  return new Command('sign')
    .description(
      'Sign a request for a service account and print it, as POST /auth/service-accounts/issue takes it.',
    )
    .requiredOption('--tenant <tenant>', 'its id, ten_...')
    .requiredOption('--name <name>', 'of the service account')
    .requiredOption('--scopes <scopes>', 'like audit:read,licenses:read', scopeList)
    .option('--expires <date>', 'when its key ends', instant)
    .action(({ tenant: tenantId, name, scopes, expires }: SignOptions) => {
      const request = IssueRequest.parse({
        ...{ tenantId, name, scopes },
        keyExpiresAt: expires?.toISOString(),
        nonce: randomBytes(18).toString('base64url'),
        issuedAt: new SystemClock().now().toISOString(),
      });
      return withProduct(async (product) => {
        const signed = await product.get(IssueServiceAccount, { strict: false }).sign(request);
        say(JSON.stringify(wire(SignedIssueRequest).encode(signed)));
      });
    });
}

export function issueCommand(): Command {
  return new Command('issue')
    .description('Make the service account of a signed request, and print its id and its key, this once.')
    .argument('<file>', 'what `sign` has printed; - reads it from standard input')
    .action((file: string) => {
      const text = file === '-' ? readNamed('/dev/stdin', FILE_MAX) : readNamed(file, FILE_MAX);
      const read = wire(SignedIssueRequest).decode(inSentences(() => JSON.parse(text) as unknown));
      if ('issues' in read) throw new Refused(`${file} holds no signed request: ${read.issues[0]?.message}.`);
      const actor = Actor.anonymous({ traceId: randomBytes(16).toString('hex'), address: null });
      return withProduct(async (product) => {
        const issued = await product.get(IssueServiceAccount, { strict: false }).execute(actor, read.value);
        say(`${issued.account.id} ${issued.text}`);
      });
    });
}
