import type { Anchor } from '../anchors.js';
import { isSecure } from '../api/server-url.js';
import { systemTime } from '../client/platform.js';
import type { LicenseStatus } from '../client/status.js';
import { LicenseClient } from '../node/license-client.js';
import { EXIT, Refusal } from './exit-codes.js';
import { clockOffsetFor, type Said } from './settings.js';
import { span, warn } from './terminal.js';

/** Which licence, and whom to believe about it. */
export interface Terms {
  url: string | null;
  allowHttp: boolean;
  licenseKey: string | null;
  hardwareId: string | null;
  anchors: readonly Anchor[];
  issuer: string | null;
}

/** Never asked: a machine without a network has an address only in name. */
const NOWHERE = 'https://offline.invalid';

/** A client for a verb. It says on stderr what its user should know; the verb ends it. Throws Refusal. */
export function openLicense(terms: Terms, said: Said, directory: string): LicenseClient {
  if (terms.url !== null && !terms.allowHttp && !isSecure(terms.url))
    throw new Refusal(
      EXIT.usage,
      `${terms.url} would get the licence key in the clear: use https, or say --allow-http.`,
    );
  const offset = clockOffsetFor(terms.url ?? undefined, said);
  if (said.clockOffsetMs !== 0)
    warn(
      offset === 0
        ? 'GATEHOUSE_CLOCK_OFFSET_SECONDS counts only with a server on this very machine, and was ignored.'
        : `The clock is faked by ${offset / 1000} seconds.`,
    );
  const client = new LicenseClient({
    url: terms.url ?? NOWHERE,
    allowHttp: terms.allowHttp,
    licenseKey: terms.licenseKey ?? undefined,
    hardwareId: terms.hardwareId ?? undefined,
    anchors: terms.anchors,
    issuer: terms.issuer ?? undefined,
    directory,
    // A verb knows better when its seat is to be given back.
    closesOnEnd: false,
    time: { ...systemTime, now: () => Date.now() + offset },
  });
  client.on('keys-pinned', ({ url, kids }) =>
    warn(
      `Trusting ${url} on first use, by its key ${kids.join(', ')}. From now on only what it signs is believed.`,
    ),
  );
  client.on('warning', ({ code, message }) => {
    if (code === 'LEASE_REFUSED' || code === 'NO_TRUSTED_KEYS' || code === 'NOT_SAVED' || code === 'FAULT')
      warn(message);
  });
  client.on('waiting', ({ position, nextInMs }) =>
    warn(
      `Every seat is taken${position === null ? '' : `; you are number ${position} in the queue`}. Asking again in ${span(nextInMs)}.`,
    ),
  );
  return client;
}

/** Throws Refusal, with a sentence, when the licence does not allow a program to run. */
export function mustAllow(status: LicenseStatus): void {
  const { state, reason, trouble, seat } = status;
  if (state === 'suspended') throw refused('The licence is suspended.');
  if (state === 'revoked') throw refused('The licence was revoked.');
  if (trouble?.code === 'SEATS_EXHAUSTED' || reason === 'SEAT_LOST') {
    const max = trouble?.details?.['max'];
    const all = typeof max === 'number' ? `All ${max} seats` : 'All seats';
    throw refused(max === 1 ? 'The only seat of the licence is taken.' : `${all} of the licence are taken.`);
  }
  if (reason === 'SEAT_ENDED')
    throw refused('The licence needs a seat, and none is held: the server has to be reached.');
  // What nobody signed takes no licence away, and without a licence there is nothing to take.
  if (trouble && reason === 'NO_LEASE' && !seat) {
    if (trouble.isUnreachable) throw new Refusal(EXIT.unavailable, trouble.message);
    throw refused(`${trouble.message} (${trouble.code})`);
  }
}

const refused = (sentence: string) => new Refusal(EXIT.refused, sentence);

/** One line on what the licence comes to. */
export function sentenceOf(status: LicenseStatus): string {
  const { state, plan, leftMs, reason } = status;
  const left = leftMs === null ? '' : span(leftMs);
  switch (state) {
    case 'fresh':
      return `The licence is fine (${plan})${left && `; good for ${left} without the server`}.`;
    case 'grace':
      return `The server has not been reached for a while: ${left} of grace are left (${plan}).`;
    case 'suspended':
      return 'The licence is suspended.';
    case 'revoked':
      return 'The licence was revoked.';
    case 'clock_tampered':
      return 'The clock was set back: running on Free until the server is reached.';
    case 'free':
      return `Running on Free: ${REASONS[reason ?? 'NO_LEASE']}.`;
  }
}

const REASONS = {
  NO_LEASE: 'no lease of a licence is here',
  LEASE_ENDED: 'the server has not been reached for too long',
  SEAT_ENDED: 'no seat is held',
  SEAT_LOST: 'the seat was taken',
} as const;
