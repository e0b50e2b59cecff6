import { type Dictionary, isInnerList, type Item, parseDictionary } from 'structured-headers';

/** In characters; a request of the SDK has about 200. */
export const SIGNATURE_REQUEST_MAX_LENGTH = 1_024;
/** Each costs a signature of 40 us. */
const MAX_SIGNATURES = 2;
const MAX_TEXT_LENGTH = 256;

/** What an answer of ours can be signed over: RFC 9421, section 2.2 and, for what it answers, 2.4. */
export const COMPONENTS = [
  '"@status"',
  '"content-digest"',
  '"@method";req',
  '"@target-uri";req',
  '"@request-target";req',
  '"@scheme";req',
  '"@authority";req',
  '"@path";req',
  '"@query";req',
] as const;
export type Component = (typeof COMPONENTS)[number];

/** Without these a signature could be put on another answer, or on the answer to another question. */
const NEEDED: readonly Component[] = ['"@status"', '"content-digest"', '"@method";req'];
/** One of these, whole. */
const TARGETS: readonly (readonly Component[])[] = [
  ['"@path";req', '"@query";req'],
  ['"@target-uri";req'],
  ['"@request-target";req'],
];

/** One member of Accept-Signature. */
export interface SignatureRequest {
  label: string;
  components: readonly Component[];
  /** The key it must be made with. */
  keyid?: string;
  nonce?: string;
  tag?: string;
}

/** Why an answer cannot be signed as it was asked for; a sentence for the caller. */
export class Unsignable extends Error {}

/**
 * What Accept-Signature asks for (RFC 9421, section 5.1). Section 5.2 wants all of it or an error: throws
 * {@link Unsignable} for what is malformed, and for what we cannot give.
 */
export function readSignatureRequests(header: string): SignatureRequest[] {
  if (header.length > SIGNATURE_REQUEST_MAX_LENGTH)
    throw new Unsignable(`Accept-Signature has at most ${SIGNATURE_REQUEST_MAX_LENGTH} characters.`);
  const members = [...parse(header)];
  if (members.length === 0 || members.length > MAX_SIGNATURES)
    throw new Unsignable(`Accept-Signature asks for one signature, or for ${MAX_SIGNATURES}.`);
  return members.map(([label, member]) => {
    if (!isInnerList(member)) throw new Unsignable('Accept-Signature names its components in parentheses.');
    const [items, parameters] = member;
    return { label, components: readComponents(items), ...readParameters(parameters) };
  });
}

function parse(header: string): Dictionary {
  try {
    return parseDictionary(header);
  } catch {
    throw new Unsignable('Accept-Signature is not a dictionary of structured fields.');
  }
}

function readComponents(items: readonly Item[]): Component[] {
  const components = items.map(([name, parameters]) => {
    const told = [...parameters].map(([key, value]) => (value === true ? `;${key}` : `;${key}=?`)).join('');
    const found = COMPONENTS.find((one) => typeof name === 'string' && one === `"${name}"${told}`);
    if (!found) throw new Unsignable(`An answer can be signed over ${COMPONENTS.join(' ')}.`);
    return found;
  });
  if (new Set(components).size !== components.length)
    throw new Unsignable('Accept-Signature names a component twice.');
  const covers = (one: Component) => components.includes(one);
  if (!NEEDED.every(covers) || !TARGETS.some((target) => target.every(covers))) {
    throw new Unsignable(
      `A signature covers ${NEEDED.join(' ')} and ${TARGETS.map((one) => one.join(' ')).join(' or ')}.`,
    );
  }
  return components;
}

function readParameters(parameters: Item[1]): Pick<SignatureRequest, 'keyid' | 'nonce' | 'tag'> {
  const wish: Pick<SignatureRequest, 'keyid' | 'nonce' | 'tag'> = {};
  for (const [name, value] of parameters) {
    if (name === 'created' && value === true) continue;
    if (name === 'alg' && value === 'ed25519') continue;
    if ((name === 'keyid' || name === 'nonce' || name === 'tag') && isText(value)) wish[name] = value;
    else throw new Unsignable(`Accept-Signature asks for a parameter that we cannot give: ${name}.`);
  }
  return wish;
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT_LENGTH;
