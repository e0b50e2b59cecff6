import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusalOf, type SessionPolicy, type Standing } from './session-policy.js';

const OPEN: SessionPolicy = { tenantStatus: 'active', requiresSecondFactor: false };
const STRICT: SessionPolicy = { ...OPEN, requiresSecondFactor: true };
const CLOSED: SessionPolicy = { ...STRICT, tenantStatus: 'suspended' };
const PLAIN: Standing = { isSuspended: false, hasSecondFactor: false };
const ENROLLED: Standing = { ...PLAIN, hasSecondFactor: true };
const SUSPENDED: Standing = { ...ENROLLED, isSuspended: true };

describe('what stands against a session', () => {
  it.each([
    [OPEN, PLAIN, ['pwd'], null],
    [OPEN, ENROLLED, ['pwd'], 'second_factor'],
    [OPEN, ENROLLED, ['pwd', 'otp', 'mfa'], null],
    // One factor is one, whichever.
    [OPEN, ENROLLED, ['otp'], 'second_factor'],
    [STRICT, PLAIN, ['pwd'], 'enrollment'],
    [STRICT, PLAIN, ['fed'], 'enrollment'],
    [STRICT, ENROLLED, ['fed'], 'second_factor'],
    [STRICT, ENROLLED, ['fed', 'otp', 'mfa'], null],
    [STRICT, SUSPENDED, ['fed', 'otp', 'mfa'], 'person_suspended'],
    [CLOSED, SUSPENDED, ['fed', 'otp', 'mfa'], 'tenant_suspended'],
  ] as const)('%j, of %j by %j: %s', (policy, person, amr, refusal) => {
    expect(refusalOf(policy, person, amr)).toBe(refusal);
  });
});

describe('one function makes sessions', () => {
  const sources = globSync('libs/**/*.ts', { exclude: (path) => /\.spec\.ts$/.test(path) }).filter(
    // What tests are made with.
    (file) => !file.includes('/testing/'),
  );
  const naming = (what: string) => sources.filter((file) => readFileSync(file, 'utf8').includes(what)).sort();

  it('is where they are made, and where guesses at sign-in are counted', () => {
    const use = (name: string) => join('libs', 'identity', 'src', 'use-cases', name);
    expect(naming('AuthSession.start(')).toEqual([use('start-session.ts')]);
    expect(naming('refreshTokens.begin(')).toEqual([use('start-session.ts')]);
    expect(naming('lockout.begin(').concat(naming('.lockout\n      .begin('))).toEqual([
      use('start-session.ts'),
    ]);
  });
});
