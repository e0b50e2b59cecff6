import { fromBase64url } from './formats/base64url.js';
import { asObject, readText } from './formats/claims.js';
import { InvalidDocument, type InvalidDocumentCode } from './formats/invalid-document.js';
import { type KeySet, verifyKeySet } from './formats/key-set.js';
import type { Trust, VerificationKey, Verify } from './formats/signed-document.js';

/** A signing key that the program was shipped with. Times are ISO 8601. */
export interface Anchor {
  kid: string;
  /** The `x` of its JWK: base64url of 32 bytes. */
  x: string;
  useFrom?: string;
  useUntil?: string | null;
  /** Ship this to programs that still have the key as an anchor or learned others through it. */
  compromised?: boolean;
}

/** An anchor as state files name it: kid and x. Throws InvalidDocument. */
export function readAnchor(item: unknown): Anchor {
  const anchor = asObject(item, 'anchor');
  return { kid: readText(anchor, 'kid', 128), x: readText(anchor, 'x', 64) };
}

interface TrustedKey extends VerificationKey {
  /** The kid whose key set brought it; its own: it stands for itself; null: shipped. */
  learnedFrom: string | null;
  /** Of the newest key set it signed that was believed; 0: none. */
  sequence: number;
}

/** The keys of one issuer: the shipped anchors, and those learned through them. A value; learning makes a new one. */
export interface KeyTrust extends Trust {
  keys: readonly TrustedKey[];
  /** What it was learned from, oldest first. Cache these: learnKeys on the anchors gives the same trust again. */
  documents: readonly string[];
}

export interface RefusedKeySet {
  document: string;
  code: InvalidDocumentCode;
}

/** Where trust begins. Throws TypeError when an anchor is not an Ed25519 key. */
export function trustAnchors(issuer: string, anchors: readonly Anchor[]): KeyTrust {
  const keys = anchors.map((anchor): TrustedKey => {
    const publicKey = fromBase64url(anchor.x);
    if (publicKey?.length !== 32)
      throw new TypeError(`The anchor ${anchor.kid} is not 32 bytes in base64url.`);
    return {
      kid: anchor.kid,
      publicKey,
      useFrom: anchor.useFrom === undefined ? 0 : instant(anchor.useFrom),
      useUntil: anchor.useUntil == null ? null : instant(anchor.useUntil),
      compromised: anchor.compromised ?? false,
      learnedFrom: null,
      sequence: 0,
    };
  });
  if (new Set(keys.map((key) => key.kid)).size !== keys.length)
    throw new TypeError('Two anchors have one kid.');
  return { issuer, keys, documents: [] };
}

/**
 * Learns keys from key set documents, in whatever order they come, as long as each is signed by a key that is trusted
 * by then. One that says nothing new is passed over in silence. Never throws for a document: those that could not be
 * believed are in `refused`.
 *
 * - A compromised key is never believed again, and the keys that came through it go with it, unless the warning names
 *   them too.
 * - A key set that calls its own signer compromised ends that key and says nothing else worth believing.
 * - A kid never changes its key; an older key set undoes nothing.
 *
 * Whoever steals the only key a client knows can teach it others: then only a new release helps, whose anchors name the
 * stolen key as compromised.
 */
export async function learnKeys(
  trust: KeyTrust,
  documents: readonly string[],
  verify: Verify,
): Promise<{ trust: KeyTrust; refused: RefusedKeySet[] }> {
  let waiting = [...new Set(documents)];
  for (;;) {
    const refused: RefusedKeySet[] = [];
    const before = trust;
    for (const document of waiting) {
      try {
        const { set, signer } = await verifyKeySet(document, trust, verify);
        trust = believe(trust, set, signer, document);
      } catch (error) {
        if (!(error instanceof InvalidDocument)) throw error;
        refused.push({ document, code: error.code });
      }
    }
    // What was refused may be signed by a key that has just been learned.
    if (trust === before || refused.length === 0) return { trust, refused };
    waiting = refused.map((one) => one.document);
  }
}

function believe(trust: KeyTrust, set: KeySet, signer: string, document: string): KeyTrust {
  for (const known of trust.keys) {
    const key = set.keys.find((one) => one.kid === known.kid);
    if (key && !sameKey(key, known))
      throw new InvalidDocument('BAD_CLAIM', `kid ${key.kid} already names another key.`);
  }
  const callsItselfCompromised = set.keys.some((key) => key.kid === signer && key.compromised);
  // Whoever stole the signer's key could have written the rest.
  const named = set.keys.filter((key) => !callsItselfCompromised || key.kid === signer);

  // A flag counts whatever the sequence: a thief must not outbid the warning with a higher one.
  const flagged = flagCompromised(trust.keys, named, signer);
  const newest = Math.max(0, ...(flagged ?? trust.keys).map((key) => (key.compromised ? 0 : key.sequence)));
  const isNewer = set.sequence > newest;
  if (!flagged && !isNewer) return trust;

  const keys = flagged ?? trust.keys;
  return {
    ...trust,
    keys: isNewer ? merge(keys, named, signer, set.sequence) : keys,
    documents: [...trust.documents, document],
  };
}

/** The keys after a warning: without those that only a compromised key brought. Null when it warns of nothing new. */
function flagCompromised(keys: readonly TrustedKey[], named: readonly VerificationKey[], signer: string) {
  const bad = new Set(named.filter((key) => key.compromised).map((key) => key.kid));
  for (const key of keys) if (key.compromised) bad.delete(key.kid);
  if (bad.size === 0) return null;

  const known = keys.map((key) => ({
    ...key,
    compromised: key.compromised || bad.has(key.kid),
    // Its word is what we take here, so from now on it stands for itself.
    learnedFrom: key.kid === signer && key.learnedFrom !== null ? signer : key.learnedFrom,
  }));
  const strangers = named
    .filter((key) => bad.has(key.kid) && !keys.some((one) => one.kid === key.kid))
    .map((key): TrustedKey => ({ ...key, learnedFrom: signer, sequence: 0 }));
  return [...known.filter((key) => key.compromised || !isTainted(key, known)), ...strangers];
}

function isTainted(key: TrustedKey, keys: readonly TrustedKey[]): boolean {
  if (key.learnedFrom === null || key.learnedFrom === key.kid) return false;
  const source = keys.find((one) => one.kid === key.learnedFrom);
  return source === undefined || source.compromised || isTainted(source, keys);
}

function merge(
  keys: readonly TrustedKey[],
  named: readonly VerificationKey[],
  signer: string,
  sequence: number,
) {
  const merged = keys.map((known): TrustedKey => {
    const key = named.find((one) => one.kid === known.kid);
    return {
      ...known,
      ...(key && { useFrom: key.useFrom, useUntil: key.useUntil }),
      sequence: known.kid === signer ? sequence : known.sequence,
    };
  });
  const learned = named
    .filter((key) => !keys.some((known) => known.kid === key.kid))
    .map((key): TrustedKey => ({ ...key, learnedFrom: signer, sequence: 0 }));
  return [...merged, ...learned];
}

const sameKey = (a: VerificationKey, b: VerificationKey) =>
  a.publicKey.every((byte, i) => byte === b.publicKey[i]) && a.publicKey.length === b.publicKey.length;

function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new TypeError(`${text} is not an instant.`);
  return at;
}
