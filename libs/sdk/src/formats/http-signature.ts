import { toBase64url, utf8 } from './base64url.js';
import { InvalidDocument } from './invalid-document.js';
import type { Trust, VerificationKey, Verify } from './signed-document.js';

const LABEL = 'gatehouse';
/** Under this tag (RFC 9421, section 2.3) answers are asked for: a signature made for another purpose is not taken. */
const TAG = 'gatehouse-answer';
const ALG = 'ed25519';
/** In characters, each of the header fields. */
const MAX_FIELD_LENGTH = 2_048;
/** Whoever adds a signature on the way gets no say in how long we look. */
const MAX_MEMBERS = 8;
/** An answer may be this old, and this far ahead, in ms. */
export const ANSWER_MAX_AGE_MS = 300_000;

const BOUND = ['"@status"', '"content-digest"', '"@method";req'];
const TARGETS = [['"@path";req', '"@query";req'], ['"@target-uri";req'], ['"@request-target";req']];

/**
 * The Accept-Signature to send with a request whose answer shall be signed (RFC 9421, section 5.1). `nonce`: new for
 * every request, 16 random bytes or more, in hexadecimal or base64url. It asks for the target as path and query: a
 * server that is reached under several names, and through proxies of any HTTP version, sees those as its client does.
 */
export function acceptSignature(nonce: string): string {
  if (!NONCE.test(nonce)) throw new TypeError('A nonce is 16 to 128 letters, digits, - and _.');
  return `${LABEL}=("@status" "content-digest" "@method";req "@path";req "@query";req);created;alg="${ALG}";nonce="${nonce}";tag="${TAG}"`;
}

/** An answer as it came: `headers` of fetch will do, and any status, errors too. */
export interface SignedAnswer {
  status: number;
  headers: { get(name: string): string | null };
  /** The bytes of the content, after Content-Encoding has been undone. */
  body: Uint8Array;
}

/** The request that the answer has to be for. */
export interface SignedRequest {
  method: string;
  /** In full, as the client sent it. */
  url: string;
  /** What acceptSignature was given. */
  nonce: string;
}

export interface AnswerCheck {
  verify: Verify;
  sha256(message: Uint8Array): Promise<Uint8Array>;
  /** Epoch ms; null: this machine's clock is not to be relied on, and the nonce alone says that the answer is new. */
  now: number | null;
}

/**
 * Whose answer it is and when it was made (epoch ms), once an active key of the issuer has signed its status and
 * content for this very request. Throws InvalidDocument: MALFORMED unsigned or not as asked, TOO_LARGE,
 * WRONG_ALGORITHM, UNKNOWN_KEY, COMPROMISED_KEY, KEY_OUT_OF_TIME, WRONG_NONCE, BAD_SIGNATURE (status, content, method
 * or target are others), BAD_CLAIM (too old or from the future). What throws says nothing about the licence: treat it
 * like no answer.
 */
export async function verifyResponseSignature(
  answer: SignedAnswer,
  request: SignedRequest,
  trust: Pick<Trust, 'keys'>,
  { verify, sha256, now }: AnswerCheck,
): Promise<{ kid: string; createdAt: number }> {
  const input = pick(parseSignatureInput(field(answer, 'signature-input')), request.nonce);
  const { components, parameters } = input;
  if (
    !BOUND.every((one) => components.includes(one)) ||
    !TARGETS.some((t) => t.every((one) => components.includes(one)))
  )
    throw new InvalidDocument(
      'MALFORMED',
      'The signature does not cover status, content, method and target.',
    );
  if (parameters.get('tag') !== TAG) throw new InvalidDocument('MALFORMED', `Its tag is not ${TAG}.`);

  const key = keyFor(parameters, trust.keys);
  const createdAt = createdOf(parameters, key);
  if (now !== null && Math.abs(now - createdAt) > ANSWER_MAX_AGE_MS)
    throw new InvalidDocument('BAD_CLAIM', 'The answer is too old, or from the future.');

  const digest = field(answer, 'content-digest');
  const target = new URL(request.url);
  const base = signatureBase(input, (component) => {
    switch (component) {
      case '"@status"':
        return String(answer.status);
      case '"content-digest"':
        return digest;
      case '"@method";req':
        return request.method.toUpperCase();
      case '"@scheme";req':
        return target.protocol.slice(0, -1);
      case '"@authority";req':
        return target.host;
      case '"@target-uri";req':
        return target.origin + target.pathname + target.search;
      case '"@request-target";req':
        return target.pathname + target.search;
      case '"@path";req':
        return target.pathname;
      case '"@query";req':
        return target.search || '?';
      default:
        throw new InvalidDocument('MALFORMED', `It covers ${component}, which was not asked for.`);
    }
  });
  const signature = parseSignature(field(answer, 'signature'), input.label);
  if (!signature || !(await verify(key.publicKey, utf8(base), signature)))
    throw new InvalidDocument(
      'BAD_SIGNATURE',
      `Its signature is not one of key ${key.kid} for this request.`,
    );
  if (digest !== `sha-256=:${toBase64(await sha256(answer.body))}:`)
    throw new InvalidDocument('BAD_SIGNATURE', 'Its content is not what was signed.');
  return { kid: key.kid, createdAt };
}

/** One member of Signature-Input. */
export interface SignatureInput {
  label: string;
  /** Serialized, as in `"@method";req`. */
  components: readonly string[];
  parameters: ReadonlyMap<string, string | number>;
  /** What stands behind `@signature-params` in the base. */
  text: string;
}

/** The bytes that are signed (RFC 9421, section 2.5), as text; `valueOf` gives the value of each component. */
export function signatureBase(input: SignatureInput, valueOf: (component: string) => string): string {
  const lines = input.components.map((component) => `${component}: ${valueOf(component)}`);
  return [...lines, `"@signature-params": ${input.text}`].join('\n');
}

// Of the structured fields (RFC 9651) what signers write: no escapes in strings, one space, nothing optional.
/* eslint-disable security/detect-unsafe-regex -- each reads text that MAX_FIELD_LENGTH bounds, without alternatives that overlap */
const NONCE = /^[A-Za-z0-9_-]{16,128}$/;
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=\(([^()]*)\)((?:;[a-z][a-z0-9_-]*=(?:"[^"\\]*"|\d{1,15}))*)(?:, ?|$)/;
const COMPONENTS = /^(?:"[a-z0-9@_-]+"(?:;[a-z]+)*(?: (?=")|$))*$/;
const COMPONENT = /"[a-z0-9@_-]+"(?:;[a-z]+)*/g;
const PARAMETER = /;([a-z][a-z0-9_-]*)=(?:"([^"\\]*)"|(\d{1,15}))/g;
/** 64 bytes. */
const ED25519 = /^[A-Za-z0-9+/]{86}==$/;
const SIGNATURE = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):(?:, ?|$)/;
/* eslint-enable security/detect-unsafe-regex */

/** The members of a Signature-Input. Throws InvalidDocument for what no signer of ours writes. */
export function parseSignatureInput(text: string): SignatureInput[] {
  return members(text, MEMBER, ([, label = '', list = '', told = '']) => {
    const components = list.match(COMPONENT) ?? [];
    const parameters = new Map<string, string | number>();
    for (const [, name = '', word, digits] of told.matchAll(PARAMETER)) {
      if (parameters.has(name)) throw malformed();
      parameters.set(name, word ?? Number(digits));
    }
    if (!COMPONENTS.test(list) || new Set(components).size !== components.length) throw malformed();
    return { label, components, parameters, text: `(${list})${told}` };
  });
}

/** The signature under a label of a Signature field; null: none of Ed25519's size. Throws InvalidDocument. */
export function parseSignature(text: string, label: string): Uint8Array | null {
  const found = members(text, SIGNATURE, ([, name = '', digits = '']) => ({ label: name, digits }));
  const digits = found.find((one) => one.label === label)?.digits;
  if (digits === undefined || !ED25519.test(digits)) return null;
  const bytes = Uint8Array.from(atob(digits), (char) => char.charCodeAt(0));
  return toBase64(bytes) === digits ? bytes : null;
}

function members<T extends { label: string }>(
  text: string,
  form: RegExp,
  read: (match: RegExpExecArray) => T,
): T[] {
  const found: T[] = [];
  for (let rest = text; rest !== '';) {
    const match = form.exec(rest);
    if (!match || found.length === MAX_MEMBERS) throw malformed();
    found.push(read(match));
    rest = rest.slice(match[0].length);
  }
  if (new Set(found.map((one) => one.label)).size !== found.length) throw malformed();
  return found;
}

/** An intermediary may add signatures and change labels (RFC 9421, section 7.2.5): ours is the one with our nonce. */
function pick(inputs: readonly SignatureInput[], nonce: string): SignatureInput {
  const input = inputs.find(({ parameters }) => parameters.get('nonce') === nonce);
  if (!input) throw new InvalidDocument('WRONG_NONCE', 'It answers another request.');
  return input;
}

function keyFor(parameters: SignatureInput['parameters'], keys: readonly VerificationKey[]): VerificationKey {
  // The algorithm is the key's; one that is named must not contradict it (RFC 9421, section 3.2).
  if ((parameters.get('alg') ?? ALG) !== ALG)
    throw new InvalidDocument('WRONG_ALGORITHM', `Its alg is not ${ALG}.`);
  const key = keys.find((one) => one.kid === parameters.get('keyid'));
  if (!key) throw new InvalidDocument('UNKNOWN_KEY', 'It names a key that is not known here.');
  if (key.compromised) throw new InvalidDocument('COMPROMISED_KEY', `Key ${key.kid} is compromised.`);
  return key;
}

function createdOf(parameters: SignatureInput['parameters'], key: VerificationKey): number {
  const created = parameters.get('created');
  if (typeof created !== 'number')
    throw new InvalidDocument('MALFORMED', 'It does not say when it was made.');
  const at = created * 1000;
  // Whole seconds: a key that came into use within this one may have made it.
  if (at + 999 < key.useFrom || (key.useUntil !== null && at > key.useUntil))
    throw new InvalidDocument('KEY_OUT_OF_TIME', `Key ${key.kid} was not in use when it was made.`);
  return at;
}

function field(answer: SignedAnswer, name: string): string {
  const text = answer.headers.get(name);
  if (text === null) throw new InvalidDocument('MALFORMED', `The answer has no ${name}: it is not signed.`);
  if (text.length > MAX_FIELD_LENGTH)
    throw new InvalidDocument('TOO_LARGE', `${name} has at most ${MAX_FIELD_LENGTH} characters.`);
  return text;
}

const malformed = () =>
  new InvalidDocument('MALFORMED', 'Its signature is not of the form that was asked for.');

function toBase64(bytes: Uint8Array): string {
  const digits = toBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=');
}
