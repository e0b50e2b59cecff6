import { acceptActivation, newActivationRequest } from './activation.js';
import { trustAnchors } from './anchors.js';
import { deviceHash } from './crypto/client-crypto.js';
import { nodeCrypto } from './crypto/node-crypto.js';
import {
  type ActivationRequest,
  encodeActivationRequest,
  encodeActivationResponse,
  parseActivationRequest,
  parseActivationResponse,
} from './formats/activation.js';
import { InvalidDocument } from './formats/invalid-document.js';
import { encodeKeySet } from './formats/key-set.js';
import { encodeLease, type Lease, leaseLife } from './formats/lease.js';
import { leaseState } from './lease-state.js';
import { ISSUER, leaseOf, Signer } from './testing/signer.js';

const DAY = 86_400_000;
const now = Date.parse('2026-03-01T00:00:00Z');
const [old, young] = [new Signer('old'), new Signer('young')];
const trust = trustAnchors(ISSUER, [old.anchor]);
const wanted = { hardwareId: 'a machine in a vault', now, licenseKey: 'GH-PRO-0123456789AB-0000' };

/** The vendor's side: what it makes of a request file. */
function answer(file: string, told: Partial<Lease> = {}, signer = old, keySets: string[] = []): string {
  const { device, nonce } = parseActivationRequest(file);
  const issuedAt = now + DAY;
  const life = leaseLife(issuedAt, 365 * DAY, 0);
  const lease = encodeLease(leaseOf({ device, nonce, issuedAt, ...life, mode: 'none', ...told }), signer);
  return encodeActivationResponse({ lease, keySets });
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof InvalidDocument ? error.code : error),
  );

describe('an air-gapped activation', () => {
  it('goes by two files and lasts as long as was chosen', async () => {
    const request = await newActivationRequest(wanted, nodeCrypto);
    const file = encodeActivationRequest(request);
    expect(parseActivationRequest(file)).toEqual(request);
    expect(request.device).toBe(await deviceHash(wanted.hardwareId, nodeCrypto));

    const { lease } = await acceptActivation(answer(file), request, trust, nodeCrypto);
    const ask = (wall: number) =>
      leaseState({
        lease: null,
        seat: null,
        time: { wall, offset: 0, highWater: 0 },
        answer: { kind: 'lease', lease, live: false },
      }).state;
    expect(ask(now)).toBe('fresh');
    expect(ask(now + 366 * DAY - 1)).toBe('fresh');
    expect(ask(now + 366 * DAY)).toBe('free');
  });

  it('works by id, and takes no other licence then', async () => {
    const { hardwareId } = wanted;
    const request = await newActivationRequest({ hardwareId, now, licenseId: 'lic_1' }, nodeCrypto);
    const file = encodeActivationRequest(request);
    expect(file).not.toContain('license_key');
    expect(await codeOf(acceptActivation(answer(file), request, trust, nodeCrypto))).toBe('none');
    const other = answer(file, { licenseId: 'lic_2' });
    expect(await codeOf(acceptActivation(other, request, trust, nodeCrypto))).toBe('WRONG_LICENSE');
  });

  it('takes no answer to another request and none for another device', async () => {
    const [mine, other] = [
      await newActivationRequest(wanted, nodeCrypto),
      await newActivationRequest(wanted, nodeCrypto),
    ];
    expect(mine.nonce).not.toBe(other.nonce);
    const theirs = answer(encodeActivationRequest(other));
    expect(await codeOf(acceptActivation(theirs, mine, trust, nodeCrypto))).toBe('WRONG_NONCE');
    const moved = answer(encodeActivationRequest(mine), { device: 'cd'.repeat(32) });
    expect(await codeOf(acceptActivation(moved, mine, trust, nodeCrypto))).toBe('WRONG_DEVICE');
    const forged = answer(encodeActivationRequest(mine), {}, new Signer('old'));
    expect(await codeOf(acceptActivation(forged, mine, trust, nodeCrypto))).toBe('BAD_SIGNATURE');
  });

  it('brings the keys that lead to its own', async () => {
    const request = await newActivationRequest(wanted, nodeCrypto);
    const file = encodeActivationRequest(request);
    const set = encodeKeySet({ issuer: ISSUER, sequence: 1, issuedAt: now, keys: [young.key()] }, old);
    expect(await codeOf(acceptActivation(answer(file, {}, young), request, trust, nodeCrypto))).toBe(
      'UNKNOWN_KEY',
    );
    const accepted = await acceptActivation(answer(file, {}, young, [set]), request, trust, nodeCrypto);
    expect(accepted.trust.documents).toEqual([set]);
    expect(accepted.lease.nonce).toBe(request.nonce);
  });
});

describe('its files', () => {
  const sound = {
    type: 'gatehouse-activation-request',
    version: '1',
    license_id: 'lic_1',
    device: 'ab'.repeat(32),
    nonce: 'ab'.repeat(16),
    created_at: '2026-03-01T00:00:00Z',
  };
  it.each([
    ['no JSON', 'x'],
    ['a list', []],
    ['a response', { ...sound, type: 'gatehouse-activation-response' }],
    ['another version', { ...sound, version: '2' }],
    ['key and id', { ...sound, license_key: 'GH' }],
    ['neither key nor id', { ...sound, license_id: null }],
    ['a raw hardware id', { ...sound, device: 'laptop' }],
    ['a short nonce', { ...sound, nonce: 'ab' }],
    ['no time', { ...sound, created_at: undefined }],
    ['a large one', { ...sound, filler: 'x'.repeat(5000) }],
  ])('a request is not %s', (_, content) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    expect(() => parseActivationRequest(text)).toThrow(InvalidDocument);
    expect(() => parseActivationRequest(JSON.stringify(sound))).not.toThrow();
  });

  it.each([
    ['without a lease', { key_sets: [] }],
    ['without key sets', { lease: 'a.b.c' }],
    ['with too many key sets', { lease: 'a.b.c', key_sets: Array.from({ length: 17 }, () => 'a.b.c') }],
    ['with a key set that is no text', { lease: 'a.b.c', key_sets: [1] }],
  ])('a response is not one %s', (_, content) => {
    const text = JSON.stringify({ type: 'gatehouse-activation-response', version: '1', ...content });
    expect(() => parseActivationResponse(text)).toThrow(InvalidDocument);
  });

  it('are not written when they could not be read', () => {
    const request: ActivationRequest = {
      licenseId: '',
      device: 'ab'.repeat(32),
      nonce: 'ab'.repeat(16),
      createdAt: now,
    };
    expect(() => encodeActivationRequest(request)).toThrow(InvalidDocument);
    expect(() => encodeActivationResponse({ lease: '', keySets: [] })).toThrow(InvalidDocument);
  });
});
