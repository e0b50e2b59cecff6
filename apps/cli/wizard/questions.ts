import { NEEDS, PROVIDERS, type Provider } from '../../api/providers.config.js';

export type Answers = Map<string, string>;

/** One setting that the wizard asks for, in the words of that setting. */
export interface Question {
  name: string;
  /** Left out: always. */
  when?: (answers: Answers) => boolean;
  /** What stands there unless somebody says otherwise. */
  fallback?: string;
  /** Nothing is an answer, too. */
  isOptional?: boolean;
  /** What nothing means. */
  hint?: string;
}

const chosen = (answers: Answers): string[] =>
  (answers.get('PROVIDERS') ?? '').split(',').map((one) => one.trim());
const isChosen = (provider: Provider) => (answers: Answers) => chosen(answers).includes(provider);
const byMail = (transport: string) => (answers: Answers) => answers.get('MAIL_TRANSPORT') === transport;

const MADE_LATER = 'STRIPE_WEBHOOK_SECRET';

const BESIDES: Readonly<Record<string, Partial<Question>>> = {
  ENABLE_BILLING: { fallback: 'true' },
  [MADE_LATER]: { isOptional: true, hint: 'nothing, if `stripe setup` is to make the endpoint' },
};

/** In the order in which they are asked; what is asked depends on what was answered before. */
export const QUESTIONS: readonly Question[] = [
  { name: 'ENV', fallback: 'production' },
  { name: 'BASE_URL' },
  { name: 'DATABASE_URL' },
  { name: 'DATABASE_SYSTEM_URL' },
  { name: 'REDIS_URL' },
  { name: 'MAIL_TRANSPORT', fallback: 'smtp' },
  { name: 'SMTP_URL', when: byMail('smtp') },
  { name: 'RESEND_API_KEY', when: byMail('resend') },
  { name: 'MAIL_FROM' },
  { name: 'PROVIDERS', isOptional: true },
  ...PROVIDERS.flatMap((provider) =>
    NEEDS[provider].map((name) => ({
      name,
      when: isChosen(provider),
      ...BESIDES[name],
    })),
  ),
  // `stripe setup` makes it, with the other one; who has both already types both.
  { name: 'STRIPE_THIN_WEBHOOK_SECRET', when: isChosen('stripe'), isOptional: true },
];

/**
 * Whoever has no signing secret of Stripe's yet cannot have one: `stripe setup` makes the endpoint that it belongs to, and
 * is served by an installation that has its settings. Until then nothing is declared or sold. True when that is so.
 */
export function leaveStripeForLater(answers: Answers, isKnown: (name: string) => boolean): boolean {
  if (!isChosen('stripe')(answers) || answers.has(MADE_LATER) || isKnown(MADE_LATER)) return false;
  const others = chosen(answers).filter((one) => one !== 'stripe');
  if (others.length > 0) answers.set('PROVIDERS', others.join(','));
  else answers.delete('PROVIDERS');
  answers.delete('ENABLE_BILLING');
  return true;
}
