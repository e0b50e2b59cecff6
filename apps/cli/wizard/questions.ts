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
}

const isChosen = (provider: Provider) => (answers: Answers) =>
  (answers.get('PROVIDERS') ?? '').split(',').includes(provider);
const byMail = (transport: string) => (answers: Answers) => answers.get('MAIL_TRANSPORT') === transport;

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
      ...(name === 'ENABLE_BILLING' ? { fallback: 'true' } : {}),
    })),
  ),
];
