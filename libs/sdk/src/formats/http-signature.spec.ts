import { createHash } from 'node:crypto';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { webCrypto } from '../crypto/web-crypto.js';
import { Signer } from '../testing/signer.js';
import {
  acceptSignature,
  parseSignature,
  parseSignatureInput,
  signatureBase,
  type SignedRequest,
  verifyResponseSignature,
} from './http-signature.js';
import { InvalidDocument } from './invalid-document.js';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const REQUEST: SignedRequest = {
  method: 'post',
  url: 'https://licences.example/api/v1/licenses/validate',
  nonce: '0123456789abcdef0123456789abcdef',
};
const BODY = '{"valid":false,"code":"NOT_FOUND"}';
const COVERED = '("@status" "content-digest" "@method";req "@path";req "@query";req)';

const signer = new Signer('2026-1');
const trust = { keys: [signer.key()] };

interface Made {
  covered?: string;
  created?: number | null;
  keyid?: string;
  alg?: string;
  nonce?: string;
  tag?: string;
  by?: Signer;
}

/** An answer signed the long way round, as another implementation would. */
function answerOf(made: Made = {}, status = 200) {
  const covered = made.covered ?? COVERED;
  const created = made.created === null ? '' : `;created=${made.created ?? NOW / 1000}`;
  const parameters =
    `${covered}${created};keyid="${made.keyid ?? '2026-1'}";alg="${made.alg ?? 'ed25519'}"` +
    `;nonce="${made.nonce ?? REQUEST.nonce}";tag="${made.tag ?? 'gatehouse-answer'}"`;
  const digest = `sha-256=:${createHash('sha256').update(BODY).digest('base64')}:`;
  const values: Record<string, string> = {
    '"@status"': String(status),
    '"content-digest"': digest,
    '"@method";req': 'POST',
    '"@scheme";req': 'https',
    '"@authority";req': 'licences.example',
    '"@path";req': '/api/v1/licenses/validate',
    '"@query";req': '?',
    '"@target-uri";req': REQUEST.url,
    '"@request-target";req': '/api/v1/licenses/validate',
  };
  const lines = covered
    .slice(1, -1)
    .split(' ')
    .map((one) => `${one}: ${values[one]}`);
  const base = [...lines, `"@signature-params": ${parameters}`].join('\n');
  const signature = Buffer.from((made.by ?? signer).sign(Buffer.from(base))).toString('base64');
  const headers = new Headers({
    'content-digest': digest,
    'signature-input': `gatehouse=${parameters}`,
    signature: `gatehouse=:${signature}:`,
  });
  return { status, headers, body: new TextEncoder().encode(BODY) };
}

const { verify, sha256 } = nodeCrypto;
const check = (answer = answerOf(), request = REQUEST, now: number | null = NOW, keys = trust.keys) =>
  verifyResponseSignature(answer, request, { keys }, { verify, sha256, now });
const codeOf = (checked: Promise<unknown>) =>
  checked.then(
    () => 'believed',
    (error: InvalidDocument) => error.code,
  );

describe('a signed answer', () => {
  it.each([
    ['Node', nodeCrypto],
    ['browsers', webCrypto],
  ])('is believed when it is the one to this request, by the cryptography of %s', async (_, crypto) => {
    const found = await verifyResponseSignature(answerOf(), REQUEST, trust, { ...crypto, now: NOW });
    expect(found).toEqual({ kid: '2026-1', createdAt: NOW });
  });

  it.each([
    '"@target-uri";req',
    '"@request-target";req',
    '"@scheme";req "@authority";req "@path";req "@query";req',
  ])('may name its target as %s', async (target) => {
    const covered = `("@status" "content-digest" "@method";req ${target})`;
    expect(await codeOf(check(answerOf({ covered })))).toBe('believed');
    const elsewhere = { ...REQUEST, url: 'https://licences.example/api/v1/licenses/acquire' };
    expect(await codeOf(check(answerOf({ covered }), elsewhere))).toBe('BAD_SIGNATURE');
  });

  it('may be an error, and is believed behind any other name of the server', async () => {
    const through = { ...REQUEST, url: 'http://127.0.0.1:3000/api/v1/licenses/validate' };
    expect(await codeOf(check(answerOf({}, 503), through))).toBe('believed');
  });

  it('is found among signatures that somebody added on the way', async () => {
    const answer = answerOf();
    const [input, signature] = ['signature-input', 'signature'].map((name) => answer.headers.get(name));
    answer.headers.set('signature-input', `proxy=("@status");created=1;keyid="p", ${input}`);
    answer.headers.set('signature', `proxy=:${'A'.repeat(342)}==:, ${signature}`);
    expect(await codeOf(check(answer))).toBe('believed');
  });

  it('is not believed with another status', async () => {
    expect(await codeOf(check({ ...answerOf(), status: 201 }))).toBe('BAD_SIGNATURE');
  });

  it('is not believed with another content, whoever computes its digest', async () => {
    const body = new TextEncoder().encode(BODY.replace('false', 'true'));
    const answer = { ...answerOf(), body };
    expect(await codeOf(check(answer))).toBe('BAD_SIGNATURE');
    answer.headers.set('content-digest', `sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    expect(await codeOf(check(answer))).toBe('BAD_SIGNATURE');
  });

  it.each([
    ['another method', { method: 'PUT' }, 'BAD_SIGNATURE'],
    ['another path', { url: 'https://licences.example/api/v1/licenses/usage' }, 'BAD_SIGNATURE'],
    ['another query', { url: `${REQUEST.url}?a=b` }, 'BAD_SIGNATURE'],
    ['another nonce', { nonce: 'f'.repeat(32) }, 'WRONG_NONCE'],
  ])('is not believed as the answer to %s', async (_, other, code) => {
    expect(await codeOf(check(answerOf(), { ...REQUEST, ...other }))).toBe(code);
  });

  it('is not believed when it is old, or from the future, by a clock that is relied on', async () => {
    expect(await codeOf(check(answerOf(), REQUEST, NOW + 300_000))).toBe('believed');
    expect(await codeOf(check(answerOf(), REQUEST, NOW + 301_000))).toBe('BAD_CLAIM');
    expect(await codeOf(check(answerOf(), REQUEST, NOW - 301_000))).toBe('BAD_CLAIM');
    expect(await codeOf(check(answerOf(), REQUEST, null))).toBe('believed');
  });

  it.each([
    ['of nobody we know', { keyid: '2026-2' }, 'UNKNOWN_KEY'],
    ['of somebody under the name of our key', { by: new Signer('2026-1') }, 'BAD_SIGNATURE'],
    ['that names another algorithm', { alg: 'hmac-sha256' }, 'WRONG_ALGORITHM'],
    ['without a time', { created: null }, 'MALFORMED'],
    ['made for another purpose', { tag: 'webhook' }, 'MALFORMED'],
    ['over too little', { covered: '("@status" "@method";req "@path";req "@query";req)' }, 'MALFORMED'],
    [
      'over a part of the target',
      { covered: '("@status" "content-digest" "@method";req "@path";req)' },
      'MALFORMED',
    ],
    [
      'over our own request',
      { covered: '("@status" "content-digest" "@method" "@path";req "@query";req)' },
      'MALFORMED',
    ],
    ['over what was not asked for', { covered: COVERED.replace(')', ' "date")') }, 'MALFORMED'],
  ])('is not believed with a signature %s', async (_, made, code) => {
    expect(await codeOf(check(answerOf(made)))).toBe(code);
  });

  it('is not believed under a key that is compromised, or that was not in use', async () => {
    const under = (told: object) => codeOf(check(answerOf(), REQUEST, NOW, [signer.key(told)]));
    expect(await under({ compromised: true })).toBe('COMPROMISED_KEY');
    expect(await under({ useUntil: NOW - 1 })).toBe('KEY_OUT_OF_TIME');
    expect(await under({ useFrom: NOW + 1_000 })).toBe('KEY_OUT_OF_TIME');
    // `created` has no fractions.
    expect(await under({ useFrom: NOW + 999, useUntil: NOW })).toBe('believed');
  });

  it.each(['signature', 'signature-input', 'content-digest'])('is not one without %s', async (name) => {
    const answer = answerOf();
    answer.headers.delete(name);
    expect(await codeOf(check(answer))).toBe('MALFORMED');
  });

  it.each([
    ['signature-input', 'x'.repeat(3_000), 'TOO_LARGE'],
    ['signature-input', 'gatehouse', 'MALFORMED'],
    ['signature-input', 'gatehouse=("@status"', 'MALFORMED'],
    ['signature-input', 'gatehouse=("@status"  "@path");created=1', 'MALFORMED'],
    ['signature-input', 'gatehouse=("@status" "@status");created=1', 'MALFORMED'],
    ['signature-input', 'gatehouse=("@status");created=1;created=2', 'MALFORMED'],
    ['signature-input', 'gatehouse=("@status");created=1, gatehouse=("@status");created=1', 'MALFORMED'],
    [
      'signature-input',
      Array.from({ length: 9 }, (_, i) => `s${i}=("@status");created=1`).join(', '),
      'MALFORMED',
    ],
    ['signature', 'gatehouse=:AAAA', 'MALFORMED'],
    ['signature', 'gatehouse=:AAAA:', 'BAD_SIGNATURE'],
    ['signature', `gatehouse=:${'A'.repeat(85)}B==:`, 'BAD_SIGNATURE'],
    ['signature', 'other=:AAAA:', 'BAD_SIGNATURE'],
  ])('is refused when not of the form, %#: %s', async (name, value, code) => {
    const answer = answerOf();
    answer.headers.set(name, value);
    expect(await codeOf(check(answer))).toBe(code);
  });
});

describe('asking for a signature', () => {
  it('names everything the answer is checked for', () => {
    expect(acceptSignature(REQUEST.nonce)).toBe(
      `gatehouse=${COVERED};created;alg="ed25519";nonce="${REQUEST.nonce}";tag="gatehouse-answer"`,
    );
  });

  it.each(['short', 'a quote " in it, and long enough', ''])('takes no nonce like %j', (nonce) => {
    expect(() => acceptSignature(nonce)).toThrow(TypeError);
  });
});

// The key of RFC 9421, B.1.4, and the request that B.2.6 signs with it.
describe('RFC 9421, appendix B.2.6', () => {
  const x = Buffer.from('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs', 'base64url');
  const input =
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const signature =
    'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:';
  const values: Record<string, string> = {
    '"date"': 'Tue, 20 Apr 2021 02:07:55 GMT',
    '"@method"': 'POST',
    '"@path"': '/foo',
    '"@authority"': 'example.com',
    '"content-type"': 'application/json',
    '"content-length"': '18',
  };
  const baseOf = (told = values) => {
    const [one] = parseSignatureInput(input);
    return signatureBase(one!, (component) => told[component] ?? '');
  };

  it('gives the base that the RFC prints', () => {
    expect(baseOf()).toBe(
      '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n' +
        '"content-type": application/json\n"content-length": 18\n' +
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")' +
        ';created=1618884473;keyid="test-key-ed25519"',
    );
  });

  it('verifies, and nothing else does', async () => {
    const bytes = parseSignature(signature, 'sig-b26')!;
    expect(await verify(x, Buffer.from(baseOf()), bytes)).toBe(true);
    expect(await verify(x, Buffer.from(baseOf({ ...values, '"@path"': '/bar' })), bytes)).toBe(false);
  });
});
