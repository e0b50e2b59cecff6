import { readFileSync, writeFileSync } from 'node:fs';
import { STATUS_OF_KIND } from '#platform';
import {
  ApiError,
  MfaEnrollmentRequired,
  MfaRequired,
  PasswordTooWeak,
  ReauthenticationRequired,
} from '#sdk';
import { codeRowsOf } from '../support/readme.js';

const FILE = 'libs/sdk/src/api/error-codes.ts';

/** The list as docs/errors.md has it; test/architecture/errors-page keeps that with the product. */
function written(): string {
  const rows = codeRowsOf(readFileSync('docs/errors.md', 'utf8'));
  const lines = rows.map(([code, kind]) => `  ${code}: '${kind}',\n`).join('');
  return readFileSync(FILE, 'utf8').replace(
    /(export const ERROR_CODES = \{\n)[^}]*(\} as const;)/,
    `$1${lines}$2`,
  );
}

describe('the errors of the SDK', () => {
  const wanted = written();
  if (process.env.GATEHOUSE_WRITE) writeFileSync(FILE, wanted);

  it('have every code of docs/errors.md, with its kind', () => {
    if (readFileSync(FILE, 'utf8') !== wanted)
      throw new Error(
        `${FILE} is not what docs/errors.md says. Write it anew: GATEHOUSE_WRITE=1 npm test -- test/architecture/sdk-errors`,
      );
    expect(wanted.match(/^ {2}[A-Z_]+: '/gm)?.length).toBeGreaterThan(50);
  });

  it.each(Object.entries(STATUS_OF_KIND))('are of the kind %s when the status is %d', (kind, status) => {
    expect(new ApiError({ status, code: 'ANYTHING', message: '' }).kind).toBe(kind);
  });

  it('have a kind also where no Gatehouse answered, or one of tomorrow', () => {
    const kindOf = (status: number | null) => new ApiError({ status, code: 'X', message: '' }).kind;
    expect([null, 502, 418].map(kindOf)).toEqual(['unanswered', 'unavailable', 'malformed']);
  });

  it('that say more have a class, whatever is in their details', () => {
    const told = { status: 422, code: 'PASSWORD_TOO_WEAK', message: '' };
    const weak = new PasswordTooWeak({ ...told, details: { problems: ['too_short', 7], advice: 'none' } });
    expect([weak.problems, weak.advice, weak.kind, weak.name]).toEqual([
      ['too_short'],
      [],
      'invalid',
      'PasswordTooWeak',
    ]);
    expect(new MfaRequired({ ...told, status: 401 }, 'mfa_1')).toBeInstanceOf(ApiError);
    expect(new MfaEnrollmentRequired({ ...told, status: 401 }, 'mfa_1').name).toBe('MfaEnrollmentRequired');
    const anew = new ReauthenticationRequired({
      ...{ status: 403, code: 'REAUTHENTICATION_REQUIRED', message: '' },
      details: { methods: ['code', 7], maxAgeSeconds: '600' },
    });
    expect([anew.methods, anew.maxAgeSeconds, anew.kind]).toEqual([['code'], null, 'forbidden']);
  });
});
