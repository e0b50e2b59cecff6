import type { Terms } from './terms.js';

/** Why the key of a licence alone, without anybody signed in, is good for nothing; as the seat scripts say it. */
export type KeyRefusal = 'UNPROVED' | 'KEY_ACTIVATION';

/** What is to know of a licence for that. */
interface KeyFacts {
  isHolderUnproved: boolean;
  terms: Pick<Terms, 'keyActivation'>;
}

/**
 * null: the key is enough. Whoever signed up with an address that is not proved has the key from the answer, and with it
 * alone would get what signed in they do not (S2-40).
 */
export function whyNotByKey({ isHolderUnproved, terms }: KeyFacts): KeyRefusal | null {
  if (isHolderUnproved) return 'UNPROVED';
  return terms.keyActivation ? null : 'KEY_ACTIVATION';
}
