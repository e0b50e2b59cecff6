import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { goneKey, heartbeatKeys, lapsedKey, policyKey, policyKeys, poolKeys, poolsKey } from './pool-keys.js';
import { parsePolicy, type PoolPolicy, policyFields, stampOf } from './pool-policy.js';
import { answerOf, beatOf, type Lapse, type SeatAnswer } from './seat-answer.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';
import type { SeatGrant } from './session-id.js';

/** Policies are read anew from Postgres this often, in seconds: whatever an event failed to tell ends then. */
const POLICY_TTL_SECONDS = 3_600;
/** Parsed policies that a process keeps, in characters of their JSON: about 64 MB. */
const KEPT_POLICIES = 16_000_000;

export interface Caller {
  userId: string | null;
  /** The login session, which ends what was acquired with it. */
  sessionId?: string | null;
  traceId: string;
  address: string | null;
}

/** What Postgres knows of a seat that is not held; `generation`: under which it was asked. */
export interface LedgerWord {
  history: 'open' | 'lapsed';
  generation: number;
  /** Until when its holder was told to have it, if that outlived an hour. */
  expiresAt?: Date | null;
}

/** The pools of seats in Redis: one script a call, decided there, by Redis's clock. Every call throws 503 when Redis is away. */
@Injectable()
export class SeatPool {
  private readonly policies = new LRUCache<string, { stamp: string; policy: PoolPolicy }>({
    maxSize: KEPT_POLICIES,
    max: 50_000,
  });

  constructor(
    private readonly scripts: SeatScripts,
    private readonly times: SeatTimes,
  ) {}

  /** A seat for a device: the one it holds already, or a new one, or a refusal. `isBound`: Postgres says so. */
  async acquire(
    wish: SeatGrant,
    byKeyAlone: boolean,
    caller: Caller,
    isBound = false,
  ): Promise<SeatAnswer & { knownPolicy?: PoolPolicy }> {
    const { licenseId, tenantId, device, seatId } = wish;
    const kept = this.policies.get(licenseId);
    const args = [licenseId, tenantId, device, seatId, bit(byKeyAlone), ...callerArgs(caller)];
    const keys = poolKeys(licenseId);
    const reply = await this.scripts.ask('acquire', licenseId, keys, [
      ...args,
      kept?.stamp ?? '',
      bit(isBound),
    ]);
    const answer = answerOf(reply);
    if (answer.outcome !== 'held' && answer.outcome !== 'unbound') return answer;
    return { ...answer, knownPolicy: answer.policy ? this.keep(licenseId, answer.policy) : kept?.policy };
  }

  /** Keeps a seat that is held; `late` when it is not. `until`: Postgres knows that it is held until then. */
  async heartbeat({ licenseId, seatId, device }: SeatGrant, until?: Date): Promise<SeatAnswer> {
    const args = [seatId, device, until?.getTime() ?? 0];
    const reply = await this.scripts.ask('heartbeat', licenseId, heartbeatKeys(licenseId), args);
    return reply[0] === 'HELD' ? beatOf(seatId, reply.slice(1)) : answerOf(reply);
  }

  /**
   * A heartbeat of a seat that is not held: it may be held again if its place is free. `unknown`: ask the ledger, then
   * call again with what it said and the generation that `unknown` came with.
   */
  async comeBack(
    { licenseId, tenantId, seatId, device }: SeatGrant,
    caller: Caller,
    said?: LedgerWord,
  ): Promise<SeatAnswer> {
    const word = [said?.history ?? '', ...callerArgs(caller), said?.expiresAt?.getTime() ?? 0];
    const args = [licenseId, tenantId, device, seatId, ...word];
    const keys = poolKeys(licenseId);
    if (!said) return answerOf(await this.scripts.ask('return', licenseId, keys, args));
    const reply = await this.scripts.askUnder(said.generation, 'return', keys, args);
    // The shard was emptied meanwhile: what the ledger said may be wrong by now.
    return reply ? answerOf(reply) : this.comeBack({ licenseId, tenantId, seatId, device }, caller);
  }

  /** Ends a seat for good; with the entry of the stream when it did. `unknown`: ask the ledger, then call again with `told`. */
  async release(
    { tenantId, licenseId, seatId, device }: SeatGrant,
    told: boolean,
    caller: Caller,
  ): Promise<{ outcome: 'released' | 'lapsed' | 'gone' | 'unknown'; entryId: string | null }> {
    const args = [licenseId, tenantId, device, seatId, bit(told), ...callerArgs(caller)];
    const [word, entryId] = await this.scripts.ask('release', licenseId, poolKeys(licenseId), args);
    const outcome = word.toLowerCase() as 'released' | 'lapsed' | 'gone' | 'unknown';
    const isNew = outcome === 'released' || outcome === 'lapsed';
    return { outcome, entryId: isNew ? String(entryId) : null };
  }

  /** Takes back a grant that nobody was told of. */
  async undo(grant: SeatGrant, expiresAt: Date, how: 'released' | 'lapsed'): Promise<void> {
    const { tenantId, licenseId, seatId, device } = grant;
    const args = [licenseId, tenantId, device, seatId, expiresAt.getTime(), how];
    await this.scripts.ask('undo', licenseId, poolKeys(licenseId), args);
  }

  /** Postgres knows of them: nobody needs to be told again. */
  async settleLapses(licenseId: string, lapses: readonly Lapse[]): Promise<void> {
    await this.scripts.reach(() =>
      this.scripts.redis.hdel(lapsedKey(licenseId), ...lapses.map((one) => one.entryId)),
    );
  }

  /** The pools of a shard in which something has lapsed, or will have by now; at most `limit`. */
  async due(shard: number, limit: number): Promise<{ tenantId: string; licenseId: string }[]> {
    const members = (await this.scripts.run('due', [poolsKey(shard), goneKey(shard)], [limit])) as string[];
    return members.map((member) => {
      const [licenseId = '', tenantId = ''] = member.split(' ');
      return { tenantId, licenseId };
    });
  }

  /** Reclaims what has lapsed in a pool nobody touches, also when its policy has expired; gives how many are left. */
  async sweep({ tenantId, licenseId }: { tenantId: string; licenseId: string }): Promise<number> {
    const [, left] = await this.scripts.ask('sweep', licenseId, poolKeys(licenseId), [licenseId, tenantId]);
    return left as number;
  }

  /** The policy as the scripts see it, or null when it must be read from Postgres. */
  async policy(licenseId: string): Promise<PoolPolicy | null> {
    const raw = await this.scripts.reach(() => this.scripts.redis.hget(policyKey(licenseId), 'json'));
    return raw ? parsePolicy(raw) : null;
  }

  /** Puts a policy beside its pool, unless a newer one is there. */
  async setPolicy(policy: PoolPolicy): Promise<void> {
    const args = [
      policy.revision,
      POLICY_TTL_SECONDS,
      bit(policy.terms.leasing === 'user'),
      ...policyFields(policy, this.times),
    ];
    await this.scripts.run('set-policy', policyKeys(policy.licenseId), args);
  }

  private keep(licenseId: string, json: string): PoolPolicy {
    const policy = parsePolicy(json);
    const stamp = stampOf(json);
    this.policies.set(licenseId, { stamp, policy }, { size: json.length });
    return policy;
  }
}

const bit = (is: boolean) => (is ? '1' : '0');

/** As every script takes it: user, login session, trace id, address. */
const callerArgs = ({ userId, sessionId, traceId, address }: Caller) => [
  userId ?? '',
  sessionId ?? '',
  traceId,
  address ?? '',
];
