import { answers, CHALLENGE } from './pkce.js';
import { formatUserCode, newUserCode, parseUserCode } from './user-code.js';

describe('PKCE', () => {
  // RFC 7636, appendix B.
  const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const OF_IT = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

  it('takes the verifier that the challenge was made of', () => {
    expect(CHALLENGE.test(OF_IT)).toBe(true);
    expect(answers(VERIFIER, OF_IT)).toBe(true);
  });

  it('takes no other, and no challenge for its own verifier', () => {
    for (const verifier of [
      OF_IT,
      `${VERIFIER}x`,
      VERIFIER.slice(0, -1),
      VERIFIER.toLowerCase(),
      '',
      'x'.repeat(129),
      `${VERIFIER}\n`,
    ])
      expect([verifier, answers(verifier, OF_IT)]).toEqual([verifier, false]);
    // As `plain` would have it.
    expect(answers(VERIFIER, VERIFIER)).toBe(false);
  });

  it('knows a challenge by its form', () => {
    for (const text of ['', OF_IT.slice(1), `${OF_IT}A`, `${OF_IT}=`, `${OF_IT.slice(0, -1)}N`, `${OF_IT}\n`])
      expect([text, CHALLENGE.test(text)]).toEqual([text, false]);
  });
});

describe('a user code', () => {
  it('is eight consonants in two groups, and reads back however it is typed', () => {
    for (let i = 0; i < 100; i++) {
      const code = newUserCode();
      const shown = formatUserCode(code);
      expect(shown).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
      for (const typed of [
        ...[shown, code, shown.toLowerCase(), ` ${shown} `],
        ...[shown.replace('-', ' '), shown.replace('-', '–'), [...code].join('-')],
      ])
        expect(parseUserCode(typed)).toBe(code);
    }
  });

  it.each(['', 'WDJB', 'WDJB-MJHTX', 'WDJA-MJHT', 'WDJ1-MJHT', 'x'.repeat(100_000)])('is not %p', (text) => {
    expect(parseUserCode(text)).toBeNull();
  });
});
