import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { Clock, keyedHash, notFound, RedisClients } from '#platform';
import { AccountsConfig } from '../accounts/accounts.config.js';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';
import { Approval } from './approval.js';
import { keyOfSecret, newOneTimeSecret } from './one-time-secret.js';
import { newUserCode } from './user-code.js';

/** How long a person has to answer, in seconds. */
export const DEVICE_CODE_SECONDS = 600;
/** How long a program waits between two questions, in seconds, unless it is told to slow down (RFC 8628, 3.2). */
export const POLL_SECONDS = 5;
/** For so long after its end a code is known to be expired, in seconds; later it is unknown. */
const REMEMBERED_SECONDS = 300;
/** For so long an approval that is being committed keeps others out, in ms: longer than a transaction lasts. */
const HELD_MS = 60_000;
const PURPOSE = 'device';

const Request = z.object({
  clientId: z.string(),
  deviceName: z.string().nullable(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  askedAt: z.number(),
});

/** What a program without a browser asks for. */
export type DeviceRequest = z.output<typeof Request>;

/** With the place of its user code, so that no other code leads to it. */
const Kept = Request.extend({ userKey: z.string() });

/** What a program that asks again is told; `taken`: somebody has had the tokens. */
export type Polled =
  | { outcome: 'unknown' | 'expired' | 'slow_down' | 'pending' | 'denied' | 'taken' }
  | { outcome: 'approved'; request: DeviceRequest; approval: Approval };

/** Who asks too soon waits five seconds more from then on (RFC 8628, 3.5). What was approved is given once. */
const POLL = `
  local key, now, more = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
  local known = redis.call('HMGET', key, 'state', 'client', 'expires', 'polled', 'interval')
  local state = known[1]
  if not state or known[2] ~= ARGV[3] then return {'unknown'} end
  if state == 'taken' then return {'taken'} end
  if now >= tonumber(known[3]) then return {'expired'} end
  redis.call('HSET', key, 'polled', now)
  if known[4] and now - tonumber(known[4]) < tonumber(known[5]) then
    redis.call('HINCRBY', key, 'interval', more)
    return {'slow_down'}
  end
  if state == 'held' then return {'pending'} end
  if state ~= 'approved' then return {state} end
  redis.call('HSET', key, 'state', 'taken')
  redis.call('HDEL', key, 'polled')
  return {'approved', redis.call('HGET', key, 'request'), redis.call('HGET', key, 'sealed')}`;

/** Of several answers the first counts; one that is held counts until its time is over, and is pending again then. */
const ANSWER = `
  local known = redis.call('HMGET', KEYS[1], 'state', 'held')
  local isFree = known[1] == 'pending' or (known[1] == 'held' and tonumber(ARGV[3]) >= tonumber(known[2]))
  if not isFree then return 0 end
  redis.call('HSET', KEYS[1], 'state', ARGV[1], 'approval', ARGV[2], 'held', ARGV[4], 'sealed', ARGV[5])
  return 1`;

/** From one state to another, if the approval is the same. */
const MOVE = `
  local known = redis.call('HMGET', KEYS[1], 'state', 'approval')
  if known[1] ~= ARGV[1] or known[2] ~= ARGV[3] then return 0 end
  redis.call('HSET', KEYS[1], 'state', ARGV[2])
  return 1`;

type State = 'pending' | 'held' | 'approved' | 'taken';

interface Scripts {
  pollDevice(key: string, now: number, moreMs: number, clientId: string): Promise<string[]>;
  answerDevice(
    key: string,
    state: 'held' | 'denied',
    approval: string,
    now: number,
    heldUntil: number,
    sealed: string,
  ): Promise<number>;
  moveDevice(key: string, from: State, to: State, approval: string): Promise<number>;
}

/** In Redis alone, by the hashes of both codes: without it none is given and none is answered, 503 `UNAVAILABLE`. */
@Injectable()
export class DeviceRequests {
  private readonly redis: Redis & Scripts;

  constructor(
    clients: RedisClients,
    private readonly records: SealedRecords,
    private readonly config: AccountsConfig,
    private readonly clock: Clock,
  ) {
    const redis = clients.for('nonces');
    redis.defineCommand('pollDevice', { numberOfKeys: 1, lua: POLL });
    redis.defineCommand('answerDevice', { numberOfKeys: 1, lua: ANSWER });
    redis.defineCommand('moveDevice', { numberOfKeys: 1, lua: MOVE });
    this.redis = redis as Redis & Scripts;
  }

  /** Gives the code that the program keeps, and the one that its user types. */
  async keep(request: DeviceRequest): Promise<{ deviceCode: string; userCode: string }> {
    const deviceCode = newOneTimeSecret('dev_');
    const key = keyOfSecret(PURPOSE, deviceCode);
    const userCode = await this.claimUserCode(key);
    const expires = request.askedAt + DEVICE_CODE_SECONDS * 1_000;
    const kept = { ...request, userKey: this.userKey(userCode) } satisfies z.output<typeof Kept>;
    const known = { state: 'pending', client: request.clientId, expires, interval: POLL_SECONDS * 1_000 };
    await this.redis
      .multi()
      .hset(key, { ...known, request: this.records.seal(key, kept) })
      .expire(key, DEVICE_CODE_SECONDS + REMEMBERED_SECONDS)
      .exec()
      .catch(asUnavailable);
    return { deviceCode, userCode };
  }

  /** Null for a code that is unknown, has run out or was answered. */
  async byUserCode(userCode: string): Promise<DeviceRequest | null> {
    return (await this.find(userCode))?.request ?? null;
  }

  /**
   * Holds it for an approval that is not committed yet: its program goes on waiting. The first answer counts; false when
   * there was one, or no such code.
   */
  async hold(userCode: string, approval: Approval): Promise<boolean> {
    return this.answer(userCode, 'held', approval);
  }

  /** What was held is approved. Throws 404 when it is not held any more. */
  async confirm(userCode: string, approval: Approval): Promise<void> {
    const found = await this.find(userCode);
    const done = found && (await this.move(found.key, 'held', 'approved', approval).catch(asUnavailable));
    if (!done) throw notFound('device code');
    await this.forget(userCode);
  }

  /** What was held can be answered again: the approval came to nothing. It can in a minute, also if Redis is away now. */
  async letGo(userCode: string, approval: Approval): Promise<void> {
    const found = await this.find(userCode).catch(() => null);
    if (found) await this.move(found.key, 'held', 'pending', approval).catch(() => undefined);
  }

  /** No. The first answer counts; false when there was one, or no such code. */
  async deny(userCode: string): Promise<boolean> {
    const done = await this.answer(userCode, 'denied', null);
    if (done) await this.forget(userCode);
    return done;
  }

  private async answer(userCode: string, state: 'held' | 'denied', approval: Approval | null) {
    const found = await this.find(userCode);
    if (!found) return false;
    const now = this.clock.now().getTime();
    const sealed = approval ? this.records.seal(found.key, approval) : '';
    const answered = await this.redis
      .answerDevice(found.key, state, JSON.stringify(approval), now, now + HELD_MS, sealed)
      .catch(asUnavailable);
    return answered === 1;
  }

  /** It is typed once. */
  private async forget(userCode: string): Promise<void> {
    await this.redis.del(this.userKey(userCode)).catch(() => undefined);
  }

  private async move(key: string, from: State, to: State, approval: Approval): Promise<boolean> {
    return (await this.redis.moveDevice(key, from, to, JSON.stringify(approval))) === 1;
  }

  /** What became of it, for the program that has its code. */
  async poll(deviceCode: string, clientId: string): Promise<Polled> {
    const key = keyOfSecret(PURPOSE, deviceCode);
    const [outcome, keptRequest, keptApproval] = await this.redis
      .pollDevice(key, this.clock.now().getTime(), POLL_SECONDS * 1_000, clientId)
      .catch(asUnavailable);
    if (outcome !== 'approved') return { outcome: outcome as Exclude<Polled['outcome'], 'approved'> };
    const request = this.records.open(key, Kept, keptRequest);
    const approval = this.records.open(key, Approval, keptApproval);
    return request && approval ? { outcome, request, approval } : { outcome: 'unknown' };
  }

  /** What was approved, and taken by a poll whose caller could not be given its tokens, can be taken again. */
  async giveBack(deviceCode: string, approval: Approval): Promise<void> {
    await this.move(keyOfSecret(PURPOSE, deviceCode), 'taken', 'approved', approval).catch(() => undefined);
  }

  /** One that nobody else has now; two in 2^34 are the same about never, and then the second is made anew. */
  private async claimUserCode(key: string): Promise<string> {
    for (;;) {
      const userCode = newUserCode();
      const claimed = await this.redis
        .set(this.userKey(userCode), key, 'EX', DEVICE_CODE_SECONDS, 'NX')
        .catch(asUnavailable);
      if (claimed === 'OK') return userCode;
    }
  }

  private async find(userCode: string): Promise<{ key: string; request: DeviceRequest } | null> {
    const userKey = this.userKey(userCode);
    const key = await this.redis.get(userKey).catch(asUnavailable);
    if (key === null) return null;
    const kept = this.records.open(key, Kept, await this.redis.hget(key, 'request').catch(asUnavailable));
    return kept?.userKey === userKey ? { key, request: kept } : null;
  }

  /** Keyed: of so few letters a plain hash is soon undone. */
  private userKey(userCode: string): string {
    return `auth:nonce:user-code:${keyedHash(this.config.addressKey, 'user-code', userCode).toString('base64url')}`;
  }
}
