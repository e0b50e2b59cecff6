import { z } from 'zod';
import { configOf, list, setting, whole } from '../config/config.js';

const WILDCARD = /\*/;

/** The API's place in the network. */
export class HttpConfig extends configOf(
  'http',
  {
    host: setting('HOST', z.string().default('127.0.0.1'), 'The address the API listens on.'),
    port: setting('PORT', whole(0, 65_535).default(3000), 'The port the API listens on; 0 takes a free one.'),
    baseUrl: setting(
      'BASE_URL',
      z
        .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
        .transform((url) => url.replace(/\/+$/, '')),
      'Where people and programs reach the API; links in mails are built from it.',
    ),
    allowedHosts: setting(
      'ALLOWED_HOSTS',
      list().default([]),
      'Host names this API answers to, separated by commas; the host of BASE_URL always is.',
    ),
    allowedOrigins: setting(
      'ALLOWED_ORIGINS',
      list().default([]),
      'Origins of browser applications, separated by commas; the origin of BASE_URL always is. Sessions in cookies work for those on the same site as BASE_URL alone.',
    ),
    trustedProxies: setting(
      'TRUSTED_PROXIES',
      list().default([]),
      'Addresses or networks of proxies in front whose X-Forwarded-For is believed.',
    ),
    bodyLimit: setting(
      'BODY_LIMIT_BYTES',
      whole(1_024, 16_777_216).default(262_144),
      'The largest body, in bytes.',
    ),
  },
  (values, env) => {
    if (env !== 'production') return [];
    const faults: string[] = [];
    if (values.allowedHosts.some((host) => WILDCARD.test(host))) {
      faults.push('ALLOWED_HOSTS: production takes no wildcard.');
    }
    if (values.allowedOrigins.some((origin) => WILDCARD.test(origin))) {
      faults.push('ALLOWED_ORIGINS: production takes no wildcard.');
    }
    if (!values.baseUrl.startsWith('https://')) faults.push('BASE_URL: production needs https.');
    return faults;
  },
) {}
