/** The address without a slash at its end. Throws TypeError when it is none. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new TypeError(`${JSON.stringify(text.slice(0, 200))} is no address of a server (https://...).`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/**
 * The address of a server that may get passwords, tokens and licence keys: over bare HTTP to another machine, whoever is
 * in between would read them. Throws TypeError for such a one, unless `allowHttp` is true.
 */
export function secureUrl(text: string, allowHttp = false): string {
  const url = serverUrl(text);
  if (allowHttp || isSecure(url)) return url;
  throw new TypeError(
    `${url} would get passwords, tokens and keys in the clear: use https, or say allowHttp.`,
  );
}

/** Whether nobody in between reads or changes what goes there: over TLS, or on this very machine. */
export const isSecure = (url: string): boolean => url.startsWith('https:') || isLoopback(url);

/** Whether an address is one of this very machine. */
export function isLoopback(url: string): boolean {
  // A parsed host is canonical: 127.1 has become 127.0.0.1, and 127.0.0.1.example is no four numbers.
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
