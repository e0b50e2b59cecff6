import { type KeyTrust, learnKeys } from './anchors.js';
import { type ClientCrypto, deviceHash, toHex } from './crypto/client-crypto.js';
import { type ActivationRequest, parseActivationResponse } from './formats/activation.js';
import { type Lease, verifyLease } from './formats/lease.js';

/**
 * A request to carry to a machine with a network: encodeActivationRequest makes the file. Keep it until its answer has
 * come back: its nonce is what tells that answer from any other.
 */
export async function newActivationRequest(
  wanted: { hardwareId: string; now: number } & ({ licenseKey: string } | { licenseId: string }),
  crypto: ClientCrypto,
): Promise<ActivationRequest> {
  const common = {
    device: await deviceHash(wanted.hardwareId, crypto),
    nonce: toHex(crypto.randomBytes(16)),
    createdAt: wanted.now,
  };
  return 'licenseKey' in wanted
    ? { ...common, licenseKey: wanted.licenseKey }
    : { ...common, licenseId: wanted.licenseId };
}

/**
 * The lease in a response file, if it is signed for this request: its device, its nonce and, when asked by id, its
 * licence. The keys it came with are learned on the way. Throws InvalidDocument. Hand the lease to leaseState as an
 * answer that is not live.
 */
export async function acceptActivation(
  text: string,
  request: ActivationRequest,
  trust: KeyTrust,
  crypto: ClientCrypto,
): Promise<{ lease: Lease; token: string; trust: KeyTrust }> {
  const response = parseActivationResponse(text);
  const learned = await learnKeys(trust, response.keySets, crypto.verify);
  const lease = await verifyLease(response.lease, learned.trust, crypto.verify, {
    device: request.device,
    nonce: request.nonce,
    ...(request.licenseId !== undefined && { licenseId: request.licenseId }),
  });
  return { lease, token: response.lease, trust: learned.trust };
}
