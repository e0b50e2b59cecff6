import { toWire } from '../api/wire.js';
import type { LicenseStatus } from '../client/status.js';
import { toInstant } from '../formats/claims.js';
import { maskLicenseKey } from '../formats/license-key.js';
import { activated } from './activated.js';
import { EXIT } from './exit-codes.js';
import { openLicense, sentenceOf } from './license.js';
import { say } from './terminal.js';
import type { Verb } from './verb.js';

export const status: Verb = {
  name: 'status',
  summary: 'say what this machine may do; asks no server',
  help: `gatehouse status [--json]

  Ends with 0 while the licence holds (fresh or in grace), else with 77.`,
  options: { json: { type: 'boolean' } },
  maxPositionals: 0,
  run: async (call) => {
    const terms = await activated(call);
    const client = openLicense(terms, call.said, call.directory);
    const now = await client.load();
    const key = terms.licenseKey === null ? null : maskLicenseKey(terms.licenseKey);
    if (call.values['json']) {
      say(JSON.stringify(wireOf(now, terms.url, key), null, 2));
    } else {
      say(sentenceOf(now));
      say(`Licence: ${[now.licenseId, key].filter(Boolean).join('  ') || 'none yet'}`);
      if (terms.url !== null) say(`Server: ${terms.url}`);
      say(`Entitlements: ${now.entitlements.join(' ') || 'none'}`);
      if (now.until !== null) say(`Until: ${toInstant(now.until)}, if nothing is heard`);
      if (now.seat) say(`Seat: held until ${toInstant(now.seat.expiresAt)}`);
    }
    return now.state === 'fresh' || now.state === 'grace' ? EXIT.ok : EXIT.refused;
  },
};

/** The session id is its holder's proof, so it is not shown. */
const wireOf = (now: LicenseStatus, url: string | null, licenseKey: string | null) =>
  toWire({
    state: now.state,
    reason: now.reason,
    until: now.until === null ? null : toInstant(now.until),
    leftSeconds: now.leftMs === null ? null : Math.floor(now.leftMs / 1000),
    plan: now.plan,
    entitlements: now.entitlements,
    licenseId: now.licenseId,
    licenseKey,
    url,
    mode: now.mode,
    seat: now.seat && { expiresAt: toInstant(now.seat.expiresAt) },
  });
