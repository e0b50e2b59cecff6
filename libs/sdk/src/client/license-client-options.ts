import type { Anchor } from '../anchors.js';
import type { BearerSource } from '../api/caller.js';
import type { Fallback } from '../formats/lease.js';
import type { ClientTime } from './platform.js';

/** How a program says which licence it runs under, and whom it believes. */
export interface LicenseClientOptions {
  /** Where the server is, such as `https://licences.example`. */
  url: string;
  /** Lets keys and tokens go over bare HTTP to other machines, as in a closed network; false when left out. */
  allowHttp?: boolean;
  /** By key alone, where the licence allows that. Without one, by bearer. */
  licenseKey?: string;
  /** With a bearer: another licence of its tenant than the tenant's own. */
  licenseId?: string;
  /** Where bearers come from; in Node, `auth.json` of the state directory when left out. */
  bearer?: BearerSource;
  /** What this machine is called to the server; left out: what the platform finds. */
  hardwareId?: string;
  /** The issuer's keys as shipped with the program. Without any, those of the first contact over TLS are pinned. */
  anchors?: readonly Anchor[];
  /** Who must have issued leases; left out: whoever the anchors' first lease names. */
  issuer?: string;
  /** What Free means for this program where no lease says so. */
  free?: Fallback;
  /** Asks for signed answers and takes any other for no answer at all. The keys have to be known by then. */
  signedAnswers?: boolean;
  /** Of every exchange, ms; 10 s when left out. */
  timeoutMs?: number;
  /** For tests: another clock and other timers. */
  time?: ClientTime;
  fetch?: typeof fetch;
}
