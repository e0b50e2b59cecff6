import { DomainError } from '#platform';
import { PasswordPolicy } from './password-policy.js';
import { contextWords } from './password-rules.js';
import { PasswordScorer } from './password-scorer.js';

const NAMES = ['ada.lovelace@acme-tools.example', 'Ada Lovelace', 'Acme Tools'];

describe('the password policy (S2-37, C46)', () => {
  const scorer = new PasswordScorer();
  const policy = new PasswordPolicy(scorer);
  afterAll(() => scorer.onApplicationShutdown());

  const problemsOf = async (password: string) => {
    const refusal = await policy.check(password, NAMES).catch((error: unknown) => error);
    if (refusal === undefined) return 'good';
    expect(refusal).toBeInstanceOf(DomainError);
    expect(refusal).toMatchObject({ status: 422, code: 'PASSWORD_TOO_WEAK' });
    return ((refusal as DomainError).details as { problems: string[] }).problems;
  };

  it.each([
    ['velvet otter marches nine', 'good'],
    ['xk2#Lm9!pQ7$vR4', 'good'],
    // All symbols, spaces and scripts are welcome, and so are long ones.
    ['кофе под зонтом в мае', 'good'],
    ['🐎🛶🧵🪵🌋🦉🧭🎻🪁🥨🧲🪐🦑🧊🎷', 'good'],
    ['q7 '.repeat(5) + 'a sentence that goes on for sixty-four characters and rather more', 'good'],
    ['short but odd!', ['too_short']],
    ['é'.normalize('NFD').repeat(14), ['too_short']],
    ['ab1!'.repeat(65), ['too_long']],
    ['aaaaaaaaaaaaaaaaaaa', ['common']],
    ['Password-Password-1', ['common']],
    ['P@ssw0rd!P@ssw0rd!', ['common']],
    ['Acme Tools 2026!!!', ['contains_context_words']],
    ['4cm3-T00ls-l0v3lace', ['contains_context_words']],
    ['Lovelace Lovelace 1815', ['contains_context_words']],
    ['gatehouse-acme-ada-1', ['common']],
    ['abcdefghijklmnopqrst', ['too_guessable']],
    ['Summer2026Summer2026', ['too_guessable']],
    ['qwertzuiopasdfghjk', ['too_guessable']],
  ])('says of %j: %j', async (password, expected) => {
    expect(await problemsOf(password)).toEqual(expected);
  });

  it('judges by the names of who chooses it, behind what the plain rules see', async () => {
    const password = 'vrundleqastopabcdefgh';
    await policy.check(password, NAMES);
    const refusal = await policy.check(password, ['Vrundle Qastop']).catch((error: unknown) => error);
    expect((refusal as DomainError).details).toMatchObject({ problems: ['too_guessable'] });
  });

  it('says what to change', async () => {
    const refusal = (await policy.check('Summer2026Summer2026', []).catch((e: unknown) => e)) as DomainError;
    expect(refusal.details).toMatchObject({ minScore: 3, minLength: 15, warning: expect.any(String) });
    expect((refusal.details as { advice: string[] }).advice.length).toBeGreaterThan(1);
  });

  it('refuses what could not be judged in time, and judges the next', async () => {
    const hasty = new PasswordScorer(0);
    const impatient = new PasswordPolicy(hasty);
    try {
      // The first waits for the dictionaries; from then on nothing is fast enough.
      await impatient.check('velvet otter marches nine', []);
      const refusal = await impatient.check('velvet otter marches ten', []).catch((e: unknown) => e);
      expect((refusal as DomainError).details).toMatchObject({ problems: ['not_judged'] });
      await impatient.check('velvet otter marches nine', []);
    } finally {
      await hasty.onApplicationShutdown();
    }
  });

  it('bounds how many wait', async () => {
    const crowded = new PasswordScorer();
    const asked = Promise.allSettled(
      Array.from({ length: 100 }, () => crowded.score('velvet otter marches nine', [])),
    );
    await crowded.onApplicationShutdown();
    const outcomes = await asked;
    const refused = outcomes.filter((one) => one.status === 'rejected');
    expect(refused.length).toBe(100 - 65);
    expect(refused[0]).toMatchObject({ reason: { code: 'BUSY' } });
  });

  it('takes names apart', () => {
    expect(contextWords(NAMES).sort()).toEqual(
      [
        'acme',
        'acmetools',
        'adalovelace',
        'adalovelaceacmetoolsexample',
        'example',
        'lovelace',
        'tools',
      ].sort(),
    );
  });
});
