import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform';
import { type PasswordProblem, contextWords, MAX_LENGTH, MIN_LENGTH, plainFaults } from './password-rules.js';
import { normalised } from './password-hasher.js';
import { PasswordScorer, type Score } from './password-scorer.js';

/** zxcvbn's score from which on a password withstands guessing on a stolen database (S2-37). */
const MIN_SCORE = 3;

const ADVICE: Record<PasswordProblem, string> = {
  too_short: `Use at least ${MIN_LENGTH} characters: a few words that have nothing to do with each other are easy to keep.`,
  too_long: `Use at most ${MAX_LENGTH} characters.`,
  common: 'This is among the first that anybody would try: take words of your own.',
  contains_context_words:
    'Leave out your name, your address, your organisation and the name of this product, or add more besides.',
  too_guessable: 'Add words that are less common, and avoid patterns and repetitions.',
  not_judged: 'It could not be judged in time: try again, or take another.',
  used_before: 'You have used this one before: take a new one.',
};

/** 422 `PASSWORD_TOO_WEAK`; `details` says what to change. */
export function passwordTooWeak(problems: readonly PasswordProblem[], score?: Score): DomainError {
  const advice = problems.map((problem) => ADVICE[problem]);
  return new DomainError('invalid', 'PASSWORD_TOO_WEAK', advice.join(' '), {
    details: {
      problems,
      advice: [...advice, ...(score?.suggestions ?? [])],
      warning: score?.warning ?? null,
      score: score?.score ?? null,
      minScore: MIN_SCORE,
      minLength: MIN_LENGTH,
      maxLength: MAX_LENGTH,
    },
  });
}

/** What a new password must be, everywhere one is chosen (S2-37, C46). Offline: nothing of it leaves the process. */
@Injectable()
export class PasswordPolicy {
  constructor(private readonly scorer: PasswordScorer) {}

  /**
   * Passes for a password that may be chosen by somebody of these names (address, name, organisation). Throws 422
   * `PASSWORD_TOO_WEAK`, also when it could not be judged in time: what stalls the judge is let in by nobody; 503
   * `BUSY`.
   */
  async check(password: string, names: readonly (string | null | undefined)[]): Promise<void> {
    const text = normalised(password);
    const words = contextWords(names);
    const faults = plainFaults(text, words);
    if (faults.length > 0) throw passwordTooWeak(faults);

    const judged = await this.scorer.score(text, words);
    if (!judged) throw passwordTooWeak(['not_judged']);
    if (judged.score < MIN_SCORE) throw passwordTooWeak(['too_guessable'], judged);
  }
}
