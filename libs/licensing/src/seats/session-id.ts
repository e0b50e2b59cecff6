import { createHmac, randomBytes } from 'node:crypto';
import { idFromBytes, idToBytes, sameBytes } from '#platform';

/** A key that session ids are authenticated with. */
export interface SeatKey {
  id: number;
  key: Buffer;
  compromised: boolean;
}

/** What a session id says: it is its holder's only proof (C38). */
export interface SeatGrant {
  tenantId: string;
  licenseId: string;
  /** 16 random bytes in hexadecimal, the nonce of this grant. */
  seatId: string;
  /** The keyed hash of the device, 16 bytes in hexadecimal. */
  device: string;
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

/** Signs and reads session ids. Opaque to clients; retired keys still read. */
export class SessionIds {
  private readonly byId: ReadonlyMap<number, SeatKey>;

  constructor(private readonly keys: readonly SeatKey[]) {
    this.byId = new Map(keys.map((key) => [key.id, key]));
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
    if (!TEXT.test(sessionId)) return null;
    const bytes = Buffer.from(sessionId.slice(PREFIX.length), 'base64url');
    const body = bytes.subarray(0, BODY_BYTES);
    const key = this.byId.get(body[0] ?? -1);
    if (!key || !sameBytes(bytes.subarray(BODY_BYTES), macOf(key, body))) return null;
    if (key.compromised) return 'compromised';
    return {
      tenantId: idFromBytes('ten', body.subarray(1, 1 + ID)),
      licenseId: idFromBytes('lic', body.subarray(1 + ID, 1 + 2 * ID)),
      seatId: body.subarray(1 + 2 * ID, 1 + 3 * ID).toString('hex'),
      device: body.subarray(1 + 3 * ID).toString('hex'),
    };
  }
}

const macOf = (key: SeatKey, body: Buffer) =>
  createHmac('sha256', key.key).update('seat').update(body).digest().subarray(0, MAC_BYTES);
