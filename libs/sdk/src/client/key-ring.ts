import { acceptActivation } from '../activation.js';
import { type Anchor, type KeyTrust, learnKeys, trustAnchors } from '../anchors.js';
import type { ServerKeys } from '../api/answers.js';
import { isSecure } from '../api/server-url.js';
import type { ClientCrypto } from '../crypto/client-crypto.js';
import { type ActivationRequest, parseActivationResponse } from '../formats/activation.js';
import { fromBase64url } from '../formats/base64url.js';
import { InvalidDocument, type InvalidDocumentCode } from '../formats/invalid-document.js';
import { type Lease, type LeaseExpectation, verifyLease } from '../formats/lease.js';
import { issuerOf } from '../formats/signed-document.js';
import type { PinnedKeys } from './pinned-keys.js';
import type { Store } from './platform.js';

/** A newer key set may change these. */
const HELPED_BY_LEARNING: readonly InvalidDocumentCode[] = [
  'UNKNOWN_KEY',
  'COMPROMISED_KEY',
  'KEY_OUT_OF_TIME',
];

export interface KeyRingOptions {
  url: string;
  /** Shipped by the vendor; without any, the keys of the first contact are pinned. */
  anchors: readonly Anchor[];
  /** Whose keys they are; left out: whoever the first lease under them names. */
  issuer?: string;
  crypto: ClientCrypto;
  pinned: Store<readonly PinnedKeys[]>;
  /** Asks the server for its keys. */
  ask: () => Promise<ServerKeys>;
  now: () => number;
  onPinned: (pinned: PinnedKeys) => void;
}

/** The keys this client believes: shipped or pinned, and what they introduced since. */
export class KeyRing {
  private trust: KeyTrust | null = null;

  constructor(private readonly options: KeyRingOptions) {}

  /** Null: nothing is believed yet. */
  get current(): KeyTrust | null {
    return this.trust;
  }

  /** Begins with what is remembered. `leaseToken` names the issuer of shipped anchors that came without one. */
  async open(documents: readonly string[], leaseToken: string | null): Promise<void> {
    const { anchors, issuer, url, pinned } = this.options;
    if (anchors.length > 0) {
      const named = issuer ?? (leaseToken === null ? null : issuerOf(leaseToken));
      if (named !== null) this.trust = trustAnchors(named, anchors);
    } else {
      const known = (await pinned.read())?.find((one) => one.url === url);
      if (known) this.trust = trustAnchors(known.issuer, known.anchors);
    }
    await this.take(documents);
  }

  /** The lease in a token; when its key is not known, the server is asked once for newer ones. Throws InvalidDocument. */
  async verify(token: string, expected: LeaseExpectation): Promise<Lease> {
    try {
      return await this.verifyKnown(token, expected);
    } catch (error) {
      if (!(error instanceof InvalidDocument) || !HELPED_BY_LEARNING.includes(error.code)) throw error;
      if (!(await this.learn().catch(() => false))) throw error;
      return this.verifyKnown(token, expected);
    }
  }

  /** The same without asking anybody. */
  async verifyKnown(token: string, expected: LeaseExpectation): Promise<Lease> {
    const trust = this.trust ?? this.trustOf(token);
    if (!trust) throw new InvalidDocument('UNKNOWN_KEY', 'No key of this server is trusted yet.');
    const lease = await verifyLease(token, trust, this.options.crypto.verify, expected);
    this.trust = trust;
    return lease;
  }

  /**
   * Asks the server for its keys; true when there is something new to believe. Only the very first keys are taken as they
   * are, over TLS or on loopback: all later ones have to be introduced by keys believed already. Throws ApiError.
   */
  async learn(): Promise<boolean> {
    const told = await this.options.ask();
    const before = this.trust;
    if (!this.trust) await this.begin(told);
    await this.take(told.keySets);
    return this.trust !== before;
  }

  /** The lease in an air-gapped answer, and the keys it brings. Throws InvalidDocument. */
  async accept(text: string, request: ActivationRequest): Promise<{ lease: Lease; token: string }> {
    const trust = this.trust ?? this.trustOf(parseActivationResponse(text).lease);
    if (!trust) throw new InvalidDocument('UNKNOWN_KEY', 'No key of the issuer is trusted yet.');
    const accepted = await acceptActivation(text, request, trust, this.options.crypto);
    this.trust = accepted.trust;
    return accepted;
  }

  /** Believes what these documents introduce. */
  private async take(documents: readonly string[]): Promise<void> {
    if (this.trust && documents.length > 0)
      this.trust = (await learnKeys(this.trust, documents, this.options.crypto.verify)).trust;
  }

  private async begin(told: ServerKeys): Promise<void> {
    const { anchors, url, pinned, now, onPinned } = this.options;
    if (anchors.length > 0) {
      this.trust = trustAnchors(told.issuer, anchors);
      return;
    }
    const offered = told.keys
      .filter((key) => key.status !== 'compromised' && fromBase64url(key.x)?.length === 32)
      .map(({ kid, x }): Anchor => ({ kid, x }));
    // Over bare HTTP, allowed or not, whoever is in between could hand out keys of their own, for good.
    if (!isSecure(url) || offered.length === 0) return;

    const mine: PinnedKeys = { url, issuer: told.issuer, anchors: offered, pinnedAt: now() };
    // Another process may have been first; then its keys are the pinned ones.
    const all = await pinned
      .update((known) => (known?.some((one) => one.url === url) ? known : [...(known ?? []), mine]))
      .catch(() => [mine]);
    const kept = all?.find((one) => one.url === url) ?? mine;
    this.trust = trustAnchors(kept.issuer, kept.anchors);
    if (kept === mine) onPinned(mine);
  }

  private trustOf(token: string): KeyTrust | null {
    const { anchors, issuer } = this.options;
    // Unverified, it only picks the name under which the shipped keys must have signed.
    const named = issuer ?? issuerOf(token);
    return anchors.length === 0 || named === null ? null : trustAnchors(named, anchors);
  }
}
