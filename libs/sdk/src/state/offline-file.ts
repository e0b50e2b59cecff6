import { keyFor, toHex } from '../crypto/client-crypto.js';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { encodeOfflineState, type OfflineState, parseOfflineState } from '../offline-state.js';
import { seal, unseal } from '../sealed.js';
import { StateFile } from './state-file.js';

const SECRET = /^[0-9a-f]{64}\n$/;

/**
 * `license.json`, the lease and what belongs to it, sealed under a secret of this machine (`device.key`, made on first
 * use) and the device. Copied to another device, changed by hand or without its secret it counts as absent, and the next
 * contact with the server makes a new one.
 */
export async function offlineFile(directory: string, device: string): Promise<StateFile<OfflineState>> {
  const secret = await deviceSecret(directory);
  const key = await keyFor(`gatehouse-offline-state-v1:${device}`, secret, nodeCrypto);
  return new StateFile(directory, 'license.json', {
    format: (state) => seal(encodeOfflineState(state), key, nodeCrypto),
    parse: async (text) => {
      const body = await unseal(text, key, nodeCrypto);
      return body === null ? null : parseOfflineState(body);
    },
  });
}

async function deviceSecret(directory: string): Promise<Uint8Array> {
  const file = new StateFile<Buffer>(directory, 'device.key', {
    format: (secret) => `${toHex(secret)}\n`,
    parse: (text) => (SECRET.test(text) ? Buffer.from(text.trim(), 'hex') : null),
  });
  // Two processes that start at once must end up with one secret.
  return (await file.read()) ?? file.update((current) => current ?? Buffer.from(nodeCrypto.randomBytes(32)));
}
