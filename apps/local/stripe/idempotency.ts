import { createHash } from 'node:crypto';
import type { Clock } from './clock.js';
import { DAY } from './clock.js';
import { invalidRequest, StripeRefusal } from './errors.js';

export interface Answer {
  status: number;
  body: string;
  request: string;
}

interface Kept {
  endpoint: string;
  fingerprint: string;
  at: number;
  answer?: Answer;
}

const LONGEST_KEY = 255;
const MOST_KEYS = 50_000;

/**
 * https://docs.stripe.com/api/idempotent_requests: the first answer to a key is the answer to it, success or failure,
 * for 24 hours; what was refused before the work began is not kept.
 */
export class IdempotencyKeys {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {}

  /** The answer to replay, or undefined: then `finish` or `abandon` must follow. Throws for a key used otherwise. */
  begin(key: string, endpoint: string, content: string): Answer | undefined {
    if (key.length > LONGEST_KEY)
      throw invalidRequest(`Idempotency keys may have up to ${LONGEST_KEY} characters.`, 'idempotency_key');
    const fingerprint = createHash('sha256').update(content).digest('base64');
    const known = this.living(key);
    if (!known) {
      this.kept.set(key, { endpoint, fingerprint, at: this.clock.now() });
      if (this.kept.size > MOST_KEYS) this.kept.delete(this.kept.keys().next().value!);
      return undefined;
    }
    if (known.endpoint !== endpoint)
      throw otherUse(
        `for the same endpoint they were first used for ('${known.endpoint}' vs '${endpoint}')`,
        key,
      );
    if (known.fingerprint !== fingerprint)
      throw otherUse('with the same parameters they were first used with', key);
    if (!known.answer) throw inUse();
    return known.answer;
  }

  finish(key: string, answer: Answer): void {
    const known = this.kept.get(key);
    if (known) known.answer = answer;
  }

  /** Nothing was begun: the key may be used again. */
  abandon(key: string): void {
    if (!this.kept.get(key)?.answer) this.kept.delete(key);
  }

  toJSON(): [string, Kept][] {
    return [...this.kept].filter(([, { answer }]) => answer !== undefined);
  }

  load(entries: [string, Kept][]): void {
    for (const [key, kept] of entries) this.kept.set(key, kept);
  }

  private living(key: string): Kept | undefined {
    const known = this.kept.get(key);
    if (!known || known.at + DAY > this.clock.now()) return known;
    this.kept.delete(key);
    return undefined;
  }
}

function otherUse(how: string, key: string): StripeRefusal {
  return new StripeRefusal(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used ${how}. Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}

function inUse(): StripeRefusal {
  return new StripeRefusal(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message:
      'There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through). Please try again later.',
  });
}
