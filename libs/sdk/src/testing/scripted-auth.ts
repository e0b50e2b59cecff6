import type { ClientTime } from '../client/platform.js';
import { type Body, type Got, json, refusal, ScriptedServer } from './scripted-server.js';

/** How the person signs in. */
export const ADA = { email: 'ada@acme.example', password: 'velvet otter marches nine' };
/** Seconds; as the real one tells. */
const LASTS = 3600;

/**
 * The far end for tests of sign-in: one person, one session at a time, refresh tokens that each have one successor, as
 * the contract says. What fails, fails as it is told; the journey runs the real one.
 */
export class ScriptedAuth {
  readonly server: ScriptedServer;
  /** Refresh tokens as they came in. */
  readonly refreshed: string[] = [];
  /** A code is asked for before there is a session. */
  secondFactor = false;
  /** One has to be set up before there is a session. */
  mustEnrol = false;
  /** Who signs in next; what is told of them. */
  user: { id: string; email: string } & Body = USER;
  tenant = TENANT;
  /** Other organisations that they are in: name by id. */
  others: Record<string, string> = {};
  /** Refresh tokens of sessions that were ended. */
  readonly loggedOut: string[] = [];
  isAlive = false;
  private made = 0;
  private generation = 0;
  private family = 0;
  private readonly ends = new Map<string, number>();

  constructor(time: Pick<ClientTime, 'now'>) {
    this.server = new ScriptedServer(() => time.now());
    const { server } = this;
    server.answer('POST /auth/login', () => {
      if (this.mustEnrol) return refusal(401, 'MFA_ENROLLMENT_REQUIRED', { mfa_token: 'mfa_2' });
      if (this.secondFactor) return refusal(401, 'MFA_REQUIRED', { mfa_token: 'mfa_1' });
      return json(200, this.signedIn());
    });
    server.answer('POST /auth/mfa/totp/challenge', ({ body }) =>
      body['code'] === '123456' ? json(200, this.signedIn()) : refusal(403, 'CODE_INVALID'),
    );
    server.answer('POST /auth/refresh', (got) => this.refresh(got));
    server.answer('POST /auth/mfa/totp/enroll', ({ body, headers }) =>
      body['mfa_token'] === 'mfa_2' && !headers.has('authorization')
        ? json(200, {
            secret: 'GEZDGNBV',
            otpauth_uri: 'otpauth://totp/x',
            qr_code: 'data:image/png;base64,',
          })
        : refusal(401, 'UNAUTHENTICATED'),
    );
    server.answer('POST /auth/mfa/totp/confirm', ({ body }) =>
      body['mfa_token'] === 'mfa_2' && body['code'] === '123456'
        ? json(200, { backup_codes: ['k7mwe-3xq2f'], signed_in: this.signedIn() })
        : refusal(403, 'CODE_INVALID'),
    );
    server.answer('POST /auth/reauthenticate', (got) => {
      if (!this.isGood(got)) return refusal(401, 'UNAUTHENTICATED');
      if (!('password' in got.body))
        return refusal(403, 'REAUTHENTICATION_REQUIRED', { methods: ['password'] });
      const { refresh_token: _, ...access } = this.tokens();
      return json(200, access);
    });
    server.answer('POST /auth/logout', ({ body }) => {
      const token = String(body['refresh_token']);
      this.loggedOut.push(token);
      const isIt = this.isAlive && token.startsWith(`refresh-${this.family}-`);
      if (isIt) this.isAlive = false;
      return json(200, { revoked: isIt ? 1 : 0 });
    });
    server.answer('POST /auth/switch', (got) => {
      if (!this.isGood(got)) return refusal(401, 'UNAUTHENTICATED');
      const id = String(got.body['tenant_id']);
      if (!(id in this.others)) return refusal(404, 'NOT_FOUND');
      // An access token alone makes no session; this server takes no age for proof.
      if (got.body['refresh_token'] !== `refresh-${this.family}-${this.generation}`)
        return refusal(403, 'REAUTHENTICATION_REQUIRED');
      if (this.secondFactor) return refusal(401, 'MFA_REQUIRED', { mfa_token: 'mfa_3' });
      this.tenant = { ...this.tenant, id, slug: id, name: this.others[id] ?? id };
      return json(200, this.signedIn());
    });
    server.answer('GET /auth/me', (got) =>
      this.isGood(got)
        ? json(200, { user: this.user, tenant: this.tenant, role: 'owner', scopes: [] })
        : refusal(401, 'UNAUTHENTICATED'),
    );
  }

  get fetch(): typeof fetch {
    return this.server.fetch;
  }

  isGood({ headers }: Got): boolean {
    const bearer = headers.get('authorization')?.replace('Bearer ', '') ?? '';
    return this.isAlive && (this.ends.get(bearer) ?? 0) > this.server.now();
  }

  private signedIn(): Body {
    this.isAlive = true;
    this.family++;
    this.generation = 1;
    return { ...this.tokens(), user: this.user, tenant: this.tenant };
  }

  private refresh({ body }: Got): Response {
    const token = String(body['refresh_token']);
    this.refreshed.push(token);
    const [family, generation] = token.split('-').slice(1).map(Number);
    const isSuccessorKnown = generation === this.generation - 1;
    if (!this.isAlive || family !== this.family || (generation !== this.generation && !isSuccessorKnown)) {
      this.isAlive = false;
      return refusal(401, 'UNAUTHENTICATED');
    }
    if (!isSuccessorKnown) this.generation++;
    return json(200, this.tokens());
  }

  private tokens() {
    const access = `access-${++this.made}`;
    this.ends.set(access, this.server.now() + LASTS * 1000);
    return {
      access_token: access,
      refresh_token: `refresh-${this.family}-${this.generation}`,
      token_type: 'Bearer',
      expires_in: LASTS,
    };
  }
}

const USER = { id: 'usr_1', email: ADA.email, email_verified: true, display_name: null };
const TENANT = { id: 'ten_1', name: 'Acme', slug: 'acme', plan: 'PRO', max_seats: 1 };
