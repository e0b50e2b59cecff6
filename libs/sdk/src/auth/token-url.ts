import { serverUrl } from '../api/transport.js';
import { mayPin } from '../client/pinned-keys.js';

/**
 * An address that passwords and tokens may be carried to: over TLS, or on this very machine. Over bare HTTP whoever is in
 * between reads them. Throws TypeError for others, unless `allowHttp` is true.
 */
export function tokenUrl(text: string, allowHttp: boolean): string {
  const url = serverUrl(text);
  if (allowHttp || mayPin(url)) return url;
  throw new TypeError(`${url} would get passwords and tokens in the clear: use https, or say allowHttp.`);
}
