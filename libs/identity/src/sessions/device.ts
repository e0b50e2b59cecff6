import type { Origin } from '#platform';

/** Where a call came from, and what the client calls itself: sessions remember both. */
export interface DeviceOrigin extends Origin {
  userAgent: string | null;
  /** What a client calls the device that it runs on, in X-Device-Id; null when it does not. */
  deviceId: string | null;
}

/** Opaque, made by the client once and kept there; anything else is not taken for one. */
const DEVICE_ID = /^[\w-]{16,128}$/;

export const deviceIdOf = (header: unknown): string | null =>
  typeof header === 'string' && DEVICE_ID.test(header) ? header : null;

/** What a session was started with, as far as the User-Agent honestly tells; null for what it does not. */
export interface Device {
  /** "Firefox 128", "gatehouse-cli 1.2". */
  browser: string | null;
  /** "Windows", "macOS", "Android" ... */
  system: string | null;
}

/** Longer ones are cut before they are looked at, and before they are stored. */
export const MAX_USER_AGENT = 400;

/** In this order: most browsers also name those whom they imitate. */
const BROWSERS: readonly (readonly [token: string, name: string])[] = [
  ['Edg', 'Edge'],
  ['EdgA', 'Edge'],
  ['EdgiOS', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['Vivaldi', 'Vivaldi'],
  ['Firefox', 'Firefox'],
  ['FxiOS', 'Firefox'],
  ['CriOS', 'Chrome'],
  ['Chrome', 'Chrome'],
];

/** In this order: Android names Linux, iPads name Mac OS. */
const SYSTEMS: readonly (readonly [mark: string, name: string])[] = [
  ['Windows', 'Windows'],
  ['iPhone', 'iOS'],
  ['iPad', 'iPadOS'],
  ['Android', 'Android'],
  ['CrOS', 'ChromeOS'],
  ['Mac OS X', 'macOS'],
  ['Macintosh', 'macOS'],
  ['Linux', 'Linux'],
];

/** Reads a User-Agent. It is a claim of the client's: for people to recognise their devices, for no decision. */
export function deviceOf(userAgent: string | null): Device {
  const text = (userAgent ?? '').slice(0, MAX_USER_AGENT);
  return {
    browser: browserOf(text),
    system: SYSTEMS.find(([mark]) => text.includes(mark))?.[1] ?? null,
  };
}

/**
 * What a device is recognised by: the id that its client keeps, wherever it is; else browser (whatever its version),
 * system and network together, which is the best there is without a cookie: another browser, and the same one somewhere
 * else, are new. To be hashed: it is a claim of the client's.
 */
export function fingerprintOf(
  { userAgent, deviceId }: Pick<DeviceOrigin, 'userAgent' | 'deviceId'>,
  network: string,
): readonly string[] {
  if (deviceId) return ['id', deviceId];
  const { browser, system } = deviceOf(userAgent);
  return ['seen', browser?.replace(/ [\d.]+$/, '') ?? '', system ?? '', network];
}

function browserOf(text: string): string | null {
  const products = productsIn(text);
  for (const [token, name] of BROWSERS) {
    const product = products.get(token);
    if (product) return `${name} ${product.major}`;
  }
  const version = products.get('Version');
  if (version && products.has('Safari')) return `Safari ${version.major}`;
  if (products.has('Mozilla')) return null;
  // Programs name themselves first.
  const [first] = products;
  if (!first) return null;
  const [name, { major, minor }] = first;
  return `${name} ${minor === undefined ? major : `${major}.${minor}`}`;
}

interface Version {
  major: string;
  minor?: string;
}

/** What stands in it as `name/1.2.3`, by name, in order. */
function productsIn(text: string): Map<string, Version> {
  const products = new Map<string, Version>();
  for (const word of text.split(/[\s(),;]/)) {
    const [, name = '', version = ''] = /^([A-Za-z][\w.-]{0,40})\/([\d.]{1,40})/.exec(word) ?? [];
    const [major = '', minor] = version.split('.', 2);
    if (major && !products.has(name)) products.set(name, { major, minor: minor || undefined });
  }
  return products;
}
