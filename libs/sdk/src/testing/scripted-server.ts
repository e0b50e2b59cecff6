import { encodeKeySet, type KeySet } from '../formats/key-set.js';
import { encodeLease, type Lease, leaseLife } from '../formats/lease.js';
import { deviceMessage } from '../formats/device.js';
import { createHash } from 'node:crypto';
import { ISSUER, leaseOf, Signer } from './signer.js';

export type Body = Record<string, unknown>;

/** A call as the server got it. */
export interface Got {
  method: string;
  path: string;
  body: Body;
  headers: Headers;
}

function bodyOf(init: RequestInit | undefined): Body {
  const text = init?.body ? String(init.body) : '{}';
  const isForm = new Headers(init?.headers).get('content-type') === 'application/x-www-form-urlencoded';
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : (JSON.parse(text) as Body);
}

/** As fetch has it: whoever calls it off gets no more of the body either. */
function endedBy(signal: AbortSignal | null | undefined, answer: Response): Response {
  if (!signal || !answer.body) return answer;
  return new Response(answer.body.pipeThrough(new TransformStream(), { signal }), answer);
}

type Answer = Response | Promise<Response>;

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const refusal = (status: number, code: string, details?: Body, headers?: Record<string, string>) =>
  json(status, { error: { code, message: `${code}.`, trace_id: 'trc_1', timestamp: '', details } }, headers);

/**
 * The far end of the network for tests of timing and failure: it says what the contract says, with real leases, and
 * fails as it is told. The journeys run the real one.
 */
export class ScriptedServer {
  readonly signer = new Signer('2026-1');
  readonly got: Got[] = [];
  /** Of the licence. */
  lease: Partial<Lease> = {};
  issuesLeases = true;
  interval = 150;
  ttlMs = 360_000;
  sessions = 0;
  released: unknown[] = [];
  /** What `/.well-known/gatehouse-keys` tells. */
  keySets: string[] = [];
  keys: { kid: string; x: string; status: string }[] = [
    { kid: '2026-1', x: this.signer.x, status: 'active' },
  ];
  signing = this.signer;
  /** `METHOD /path` -> another answer. */
  private readonly instead = new Map<string, (got: Got) => Answer>();

  constructor(readonly now: () => number) {}

  /** Answers this route otherwise, or all of them (`*`), until told to stop. */
  answer(route: string, how: (got: Got) => Answer): () => unknown {
    const before = this.instead.get(route);
    this.instead.set(route, how);
    return () => (before ? this.instead.set(route, before) : this.instead.delete(route));
  }

  /** Nothing listens there. */
  goAway(): () => unknown {
    return this.answer('*', () => {
      throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    });
  }

  calls(path: string): Got[] {
    return this.got.filter((one) => one.path === path);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const got: Got = {
      method: init?.method ?? 'GET',
      path: url.pathname.replace('/api/v1', ''),
      body: bodyOf(init),
      headers: new Headers(init?.headers),
    };
    this.got.push(got);
    const how = this.instead.get('*') ?? this.instead.get(`${got.method} ${got.path}`);
    const answer = how ? how(got) : this.usual(got);
    const aborted = new Promise<never>((_, reject) =>
      init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
    );
    return endedBy(init?.signal, await Promise.race([answer, aborted]));
  };

  /** A lease for this hardware id, as told. */
  leaseFor(hardwareId: unknown, told: Partial<Lease> = {}): string {
    const issuedAt = this.now();
    const device = createHash('sha256')
      .update(deviceMessage(String(hardwareId)))
      .digest('hex');
    return encodeLease(
      leaseOf({
        ...{ issuedAt, ...leaseLife(issuedAt), device, seatExpiresAt: issuedAt + this.ttlMs },
        ...this.lease,
        ...told,
      }),
      this.signing,
    );
  }

  keySet(set: Partial<KeySet> & Pick<KeySet, 'keys' | 'sequence'>, by: Signer): string {
    return encodeKeySet({ issuer: ISSUER, issuedAt: this.now(), ...set }, by);
  }

  private usual({ method, path, body }: Got): Response {
    switch (`${method} ${path}`) {
      case 'POST /licenses/acquire':
        this.sessions ||= 1;
        return json(200, {
          ...this.beat(),
          session_id: `seat_${this.sessions}`,
          license: { id: 'lic_1', tier: 'PRO', entitlements: ['commands:execute'] },
          ...(this.issuesLeases && { lease: this.leaseFor(body['hardware_id']) }),
        });
      case 'PUT /licenses/heartbeat':
        return json(200, this.beat());
      case 'DELETE /licenses/release':
        this.released.push(body['session_id']);
        return json(200, { released: true });
      case 'GET /.well-known/gatehouse-keys':
        return json(200, { issuer: ISSUER, keys: this.keys, key_sets: this.keySets });
      default:
        return refusal(404, 'NOT_FOUND');
    }
  }

  private beat(): Body {
    return {
      expires_at: new Date(this.now() + this.ttlMs).toISOString(),
      heartbeat_interval_seconds: this.interval,
      seats: { used: 1, max: 1 },
    };
  }
}
