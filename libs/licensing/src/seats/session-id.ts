import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { idFromBytes, idToBytes, sameBytes } from '#platform';

/** A key that session ids are authenticated with. */
export interface SeatKey {
  id: number;
  key: Buffer;
  compromised: boolean;
}

/** What a session id says: it is its holder's only proof (C38). */
export interface SeatGrant {
  readonly tenantId: string;
  readonly licenseId: string;
  /** 16 random bytes in hexadecimal, the nonce of this grant. */
  readonly seatId: string;
  /** The keyed hash of the device, 16 bytes in hexadecimal. */
  readonly device: string;
}

const ID = 16;
/** Key id, tenant, licence, seat, device. */
const BODY_BYTES = 1 + 4 * ID;
/** NIST SP 800-107, 5.3.4: a truncated HMAC of 128 bits. */
const MAC_BYTES = 16;
const PREFIX = 'seat_';
// eslint-disable-next-line security/detect-non-literal-regexp -- made of the constants above
const TEXT = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${Math.ceil(((BODY_BYTES + MAC_BYTES) * 4) / 3)}}$`);

export const newSeatId = (): string => randomBytes(ID).toString('hex');

/** A program beats with the same id all its life. About 10 MB when full. */
const REMEMBERED = 20_000;

/** Ready to be used: from bytes, Node makes the key anew for every hash, which takes four times as long. */
interface ReadyKey extends Omit<SeatKey, 'key'> {
  key: KeyObject;
}

/** Signs and reads session ids. Opaque to clients; retired keys still read. */
export class SessionIds {
  private readonly keys: readonly ReadyKey[];
  private readonly byId: ReadonlyMap<number, ReadyKey>;
  /** What was authentic once is so as long as our keys are the same, which is as long as we run. */
  private readonly authentic = new LRUCache<string, SeatGrant>({ max: REMEMBERED });

  constructor(keys: readonly SeatKey[]) {
    this.keys = keys.map((one) => ({ ...one, key: createSecretKey(one.key) }));
    this.byId = new Map(this.keys.map((key) => [key.id, key]));
  }

  issue(grant: SeatGrant): string {
    const key = this.keys[0];
    if (!key) throw new Error('There is no key to sign session ids with.');
    const body = Buffer.concat([
      Buffer.of(key.id),
      idToBytes(grant.tenantId),
      idToBytes(grant.licenseId),
      Buffer.from(grant.seatId, 'hex'),
      Buffer.from(grant.device, 'hex'),
    ]);
    return PREFIX + Buffer.concat([body, macOf(key, body)]).toString('base64url');
  }

  /** The grant of an authentic session id. `compromised` when its key is known to others: acquire again. Null when forged. */
  read(sessionId: string): SeatGrant | 'compromised' | null {
    const known = this.authentic.get(sessionId);
    if (known) return known;
    if (!TEXT.test(sessionId)) return null;
    const bytes = Buffer.from(sessionId.slice(PREFIX.length), 'base64url');
    const body = bytes.subarray(0, BODY_BYTES);
    const key = this.byId.get(body[0] ?? -1);
    if (!key || !sameBytes(bytes.subarray(BODY_BYTES), macOf(key, body))) return null;
    if (key.compromised) return 'compromised';
    const grant = {
      tenantId: idFromBytes('ten', body.subarray(1, 1 + ID)),
      licenseId: idFromBytes('lic', body.subarray(1 + ID, 1 + 2 * ID)),
      seatId: body.subarray(1 + 2 * ID, 1 + 3 * ID).toString('hex'),
      device: body.subarray(1 + 3 * ID).toString('hex'),
    };
    this.authentic.set(sessionId, grant);
    return grant;
  }
}

const macOf = (key: ReadyKey, body: Buffer) =>
  createHmac('sha256', key.key).update('seat').update(body).digest().subarray(0, MAC_BYTES);
