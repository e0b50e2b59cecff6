import { randomBytes } from 'node:crypto';
import { parseEnv } from 'node:util';
import { knownSettings } from '#platform';
import '../../api/api.module.js';
import '../../worker/worker.module.js';
import { answerQuestions, answersOf } from './answer-questions.js';
import { envText, envValues } from './env-text.js';
import { QUESTIONS } from './questions.js';

const settings = new Map(knownSettings().map((one) => [one.name, one]));
const KEY = `sk_test_${randomBytes(18).toString('hex')}`;
const drawn = () => randomBytes(6).toString('hex');
const BASE = new Map([
  ['BASE_URL', 'https://gatehouse.acme.example'],
  ['DATABASE_URL', `postgres://gatehouse_app:${drawn()}@db/gatehouse`],
  ['DATABASE_SYSTEM_URL', `postgres://gatehouse_system:${drawn()}@db/gatehouse`],
  ['REDIS_URL', 'redis://default:7hGt2kPw@cache'],
  ['SMTP_URL', 'smtps://mail:5tRw9xBn@smtp.acme.example:465'],
  ['MAIL_FROM', 'Gatehouse <no-reply@acme.example>'],
]);

/** Answers in turn by name; what was said to the person, and what was asked without showing. */
async function person(typed: Record<string, string[]>, known = new Map<string, string>()) {
  const said: string[] = [];
  const hidden: string[] = [];
  const asked: string[] = [];
  const answers = await answerQuestions(
    settings,
    known,
    (question, isSecret) => {
      const name = question.split(':', 1)[0]!;
      said.push(question);
      asked.push(name);
      if (isSecret) hidden.push(name);
      return Promise.resolve(typed[name]?.shift() ?? BASE.get(name) ?? '');
    },
    (line) => said.push(line),
  );
  return { answers, said: said.join('\n'), asked, hidden };
}

describe('the questions of the wizard (S2-30, S2-49)', () => {
  it('are about settings that there are', () =>
    expect(QUESTIONS.map((one) => one.name).filter((name) => !settings.has(name))).toEqual([]));

  it('are only those that follow from the answers before', async () => {
    const { asked, answers } = await person({});
    expect(asked).toContain('SMTP_URL');
    expect(asked).not.toContain('RESEND_API_KEY');
    expect(asked).not.toContain('STRIPE_SECRET_KEY');
    expect(answers.get('ENV')).toBe('production');
    const sold = await person({
      PROVIDERS: ['stripe'],
      STRIPE_SECRET_KEY: [KEY],
      STRIPE_WEBHOOK_SECRET: ['whsec_' + KEY],
    });
    expect(sold.answers.get('ENABLE_BILLING')).toBe('true');
    expect(sold.asked).not.toContain('AUTH0_DOMAIN');
  });

  it('understand a list as people write one', async () => {
    const { asked } = await person({
      ...{ PROVIDERS: ['firebase, auth0'], FIREBASE_PROJECT_ID: ['acme'] },
      ...{
        AUTH0_DOMAIN: ['acme.eu.auth0.com'],
        AUTH0_AUDIENCE: ['https://acme'],
        AUTH0_CLIENT_ID: ['acme1'],
      },
    });
    expect(asked).toEqual(expect.arrayContaining(['FIREBASE_PROJECT_ID', 'AUTH0_DOMAIN']));
  });

  it('do not ask for what stands in a file of its own', async () => {
    const known = new Map([['SMTP_URL_FILE', '/run/secrets/smtp']]);
    expect((await person({}, known)).asked).not.toContain('SMTP_URL');
    expect(answersOf(settings, known, BASE).has('SMTP_URL')).toBe(false);
  });

  it('are asked again when an answer is wrong, and neither show nor repeat a secret', async () => {
    const { answers, said, hidden } = await person(
      { PROVIDERS: ['stripe'], STRIPE_SECRET_KEY: ['pk_live_wrong', KEY] },
      new Map([['STRIPE_WEBHOOK_SECRET', `whsec_${KEY}`]]),
    );
    expect(answers.get('STRIPE_SECRET_KEY')).toBe(KEY);
    expect(answers.get('STRIPE_WEBHOOK_SECRET')).toBe(`whsec_${KEY}`);
    expect(hidden).toEqual(
      expect.arrayContaining(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'SMTP_URL']),
    );
    for (const secret of [KEY, 'pk_live_wrong', '5tRw9xBn']) expect(said).not.toContain(secret);
    expect(said).toContain('STRIPE_SECRET_KEY: must be a secret key of Stripe');
  });

  it('take their answers from a file as well, and name all that is wrong there', () => {
    expect(answersOf(settings, new Map(), BASE).get('MAIL_TRANSPORT')).toBe('smtp');
    const wrong = new Map([...BASE, ['PROVIDERS', 'auth0'], ['MAIL_FROM', 'nobody'], ['COLOUR', 'blue']]);
    wrong.set('STRIPE_SECRET_KEY', KEY);
    expect(() => answersOf(settings, new Map(), wrong)).toThrow(
      /COLOUR: is not asked for[\s\S]*MAIL_FROM: must be[\s\S]*STRIPE_SECRET_KEY: is not asked for beside[\s\S]*AUTH0_DOMAIN: it is needed/,
    );
  });
});

describe('the file of the wizard', () => {
  it('means what was answered, whatever stands in it', () => {
    const odd = new Map([
      ['A', `it's #1 $HOME \\n "x"`],
      ['B', 'plain'],
      ['C', "`'"],
    ]);
    expect(parseEnv(envText(odd))).toEqual(Object.fromEntries(odd));
    expect(envValues(envText(odd))).toEqual(odd);
    expect(() => envText(new Map([['A', 'one\ntwo']]))).toThrow('A fits on no line');
  });
});
