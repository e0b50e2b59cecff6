import type { Block } from './block.js';
import type { Terms } from './terms.js';

/** In the order they are evaluated. Codes are public and never change meaning; new ones may come. */
export const VERDICT_CODES = [
  'NOT_FOUND',
  'SUSPENDED',
  'REVOKED',
  'EXPIRED',
  'OVERDUE',
  'DEVICE_MISMATCH',
  'NO_DEVICE',
  'SEATS_EXCEEDED',
  'ENTITLEMENT_MISSING',
  'QUOTA_EXHAUSTED',
  'VALID',
] as const;
export type VerdictCode = (typeof VERDICT_CODES)[number];

interface Meaning {
  /** As people read it in an answer. */
  detail: string;
  /** When it applies, and when it leaves the licence valid all the same: the text of docs/verdicts.md. */
  applies: string;
  toleratedWhen: string | null;
}

export const VERDICTS: Record<VerdictCode, Meaning> = {
  NOT_FOUND: {
    detail: 'There is no licence with this key.',
    applies: 'There is no licence with this key, or it is mistyped.',
    toleratedWhen: null,
  },
  SUSPENDED: {
    detail: 'The licence is suspended.',
    applies: 'The licence is suspended, or the organisation it belongs to is while the licence stands.',
    toleratedWhen: null,
  },
  REVOKED: {
    detail: 'The licence was revoked.',
    applies: 'The licence was revoked, or went to another organisation.',
    toleratedWhen: null,
  },
  EXPIRED: {
    detail: 'The licence has expired.',
    applies: 'The licence has expired.',
    toleratedWhen:
      'the expiry strategy is `allow`, or `maintain` and the device of `hardware_id` is bound to the licence or holds a seat',
  },
  OVERDUE: {
    detail: 'The licence is overdue for its check-in.',
    applies: 'The licence has to be checked in every so many days, and was not.',
    toleratedWhen: null,
  },
  DEVICE_MISMATCH: {
    detail: 'The licence is bound to other devices.',
    applies: 'The licence is node-locked, and the device of `hardware_id` is none of those bound to it.',
    toleratedWhen: null,
  },
  NO_DEVICE: {
    detail: 'The licence is not bound to a device yet.',
    applies: 'The licence is node-locked and no device is bound to it; the first acquire binds one.',
    toleratedWhen: null,
  },
  SEATS_EXCEEDED: {
    detail: 'More seats are taken than the licence has.',
    applies:
      'More seats are taken than were bought, or none is left for the device of `hardware_id`. Not judged while Redis is away.',
    toleratedWhen:
      'overage allows as many, and `hardware_id` is left out or its device holds a seat or finds one',
  },
  ENTITLEMENT_MISSING: {
    detail: 'The licence does not include what was asked for.',
    applies: 'The licence lacks one of the `entitlements` that were asked for.',
    toleratedWhen: null,
  },
  QUOTA_EXHAUSTED: {
    detail: 'A quota of the licence is used up.',
    applies: 'A meter with a limit has nothing left; `quota` says which. Not judged while nobody can count.',
    toleratedWhen: null,
  },
  VALID: { detail: 'The licence is valid.', applies: 'Nothing stands in the way.', toleratedWhen: null },
};

/** What is known of a licence. */
export interface LicenseFacts {
  blocked: Block | null;
  expiresAt: Date | null;
  checkInDueAt: Date | null;
  terms: Pick<Terms, 'kind' | 'seats' | 'seatCap' | 'expiryStrategy' | 'entitlements'>;
  /** Bound devices of a node-locked licence. */
  devices: readonly string[];
}

/** What is asked, and what is known of the moment. */
export interface Question {
  now: Date;
  wanted: readonly string[];
  /** Who asks, as seats name it; null: no hardware id was given. */
  device: string | null;
  /** null: nobody can tell now. */
  seats: { used: number; isHolder: boolean } | null;
  /** Whether a limited meter has nothing left. */
  isQuotaExhausted: boolean;
}

export interface Verdict {
  valid: boolean;
  code: VerdictCode;
  detail: string;
}

type Found = 'stands' | 'tolerated' | null;

/**
 * The verdict on a licence: a question, never an error. The code is the first that makes the licence invalid; where
 * none does, the first that applies at all.
 */
export function judge(license: LicenseFacts | null, question: Question): Verdict {
  const found = license ? findings(license, question) : [['NOT_FOUND', 'stands'] as const];
  const stands = found.find(([, how]) => how === 'stands');
  const [code] = stands ?? found.find(([, how]) => how === 'tolerated') ?? (['VALID'] as const);
  return { valid: !stands, code, detail: VERDICTS[code].detail };
}

/** In the order of {@link VERDICT_CODES}. */
function findings(license: LicenseFacts, question: Question): (readonly [VerdictCode, Found])[] {
  const { blocked, checkInDueAt, terms, devices } = license;
  const { now, device, wanted } = question;
  const isLocked = terms.kind === 'node_locked';
  const when = (applies: boolean): Found => (applies ? 'stands' : null);
  return [
    ['SUSPENDED', when(blocked === 'SUSPENDED')],
    ['REVOKED', when(blocked === 'REVOKED' || blocked === 'TRANSFERRED')],
    ['EXPIRED', expiry(license, question)],
    ['OVERDUE', when(checkInDueAt !== null && checkInDueAt <= now)],
    ['DEVICE_MISMATCH', when(isLocked && device !== null && devices.length > 0 && !devices.includes(device))],
    ['NO_DEVICE', when(isLocked && devices.length === 0)],
    ['SEATS_EXCEEDED', seats(license, question)],
    ['ENTITLEMENT_MISSING', when(wanted.some((one) => !terms.entitlements.includes(one)))],
    ['QUOTA_EXHAUSTED', when(question.isQuotaExhausted)],
  ];
}

function expiry({ expiresAt, terms, devices }: LicenseFacts, { now, device, seats }: Question): Found {
  if (!expiresAt || expiresAt > now) return null;
  if (terms.expiryStrategy === 'allow') return 'tolerated';
  const isKnown = device !== null && (devices.includes(device) || (seats?.isHolder ?? false));
  return terms.expiryStrategy === 'maintain' && isKnown ? 'tolerated' : 'stands';
}

function seats({ terms, devices }: LicenseFacts, { device, seats: taken }: Question): Found {
  const { seats: bought, seatCap } = terms;
  if (bought === null) return null;
  const isLocked = terms.kind === 'node_locked';
  if (!isLocked && !taken) return null;
  const used = isLocked ? devices.length : taken!.used;
  const isHolder = isLocked || device === null || taken!.isHolder;
  if (seatCap !== null && (used > seatCap || (!isHolder && used >= seatCap))) return 'stands';
  return used > bought ? 'tolerated' : null;
}
