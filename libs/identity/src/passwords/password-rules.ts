/** Characters, as code points after normalisation (NIST SP 800-63B-4, 3.1.1.2: at least 15, and 64 must pass). */
export const MIN_LENGTH = 15;
export const MAX_LENGTH = 256;
/** What has to be left of a password without the words that anybody would try for this person. */
const MIN_OWN_LENGTH = 8;
const MIN_DIFFERENT = 5;
/** Shorter words stand in everything. */
const MIN_WORD = 4;

/** What is wrong with a password; public, in details.problems of PASSWORD_TOO_WEAK. */
export type PasswordProblem =
  | 'too_short'
  | 'too_long'
  | 'common'
  | 'contains_context_words'
  | 'too_guessable'
  | 'not_judged'
  | 'used_before';

/** Words that the first ones to try would try, besides the person's own. */
const EVERYWHERE = ['gatehouse', 'password', 'passwort', 'welcome', 'letmein', 'qwerty', 'changeme'];

/** Everything a person and their organisation are called, in pieces of four letters and more. */
export function contextWords(names: readonly (string | null | undefined)[]): string[] {
  const pieces = names.flatMap((name) => {
    const folded = (name ?? '').normalize('NFKC').toLowerCase();
    return [folded.replace(/[^\p{L}\p{N}]+/gu, ''), ...folded.split(/[^\p{L}\p{N}]+/u)];
  });
  return [...new Set(pieces.filter((piece) => [...piece].length >= MIN_WORD))].slice(0, 40);
}

/** The faults that need no judgement: length, variety, and what is left without words that anybody would try. Pure. */
export function plainFaults(password: string, words: readonly string[]): PasswordProblem[] {
  const length = [...password].length;
  if (length < MIN_LENGTH) return ['too_short'];
  if (length > MAX_LENGTH) return ['too_long'];
  if (new Set(password.toLowerCase()).size < MIN_DIFFERENT) return ['common'];

  for (const folded of [lettersAndDigits(password), lettersAndDigits(unleet(password))]) {
    if (isLittleWithout(folded, EVERYWHERE)) return ['common'];
    if (isLittleWithout(folded, [...words, ...EVERYWHERE])) return ['contains_context_words'];
  }
  return [];
}

/** Whether words stand in it and hardly anything else; years and counters behind a name are nothing of one's own. */
function isLittleWithout(folded: string, words: readonly string[]): boolean {
  // The longest first, so that a word inside another leaves nothing of it.
  const own = [...words]
    .sort((a, b) => b.length - a.length)
    .reduce((left, word) => left.replaceAll(word, ''), folded);
  return own !== folded && [...own.replace(/\p{N}+$/u, '')].length < MIN_OWN_LENGTH;
}

const lettersAndDigits = (password: string) => password.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

const SYMBOLS: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'l',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
};

/** Read as what people mean who put symbols for letters. */
const unleet = (password: string) => [...password].map((one) => SYMBOLS[one] ?? one).join('');
