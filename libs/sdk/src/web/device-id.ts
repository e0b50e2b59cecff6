import { toHex } from '../crypto/client-crypto.js';
import { webCrypto } from '../crypto/web-crypto.js';
import type { PageStorage } from './storage.js';

/** What this browser is called to the server, the same in all that goes by the name of `application`: random, kept. */
export function pageDeviceId(application: string, storage: PageStorage | null): string {
  const name = `${application}.device`;
  const known = storage?.getItem(name);
  if (known && /^[0-9a-f]{64}$/.test(known)) return known;
  const made = toHex(webCrypto.randomBytes(32));
  storage?.setItem(name, made);
  return made;
}
