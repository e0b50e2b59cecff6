import { Injectable } from '@nestjs/common';
import QRCode from 'qrcode';
import { type Actor, Clock, Db, DomainError, HttpConfig, occurred } from '#platform';
import { SecondFactorEnabled } from '../events/index.js';
import { TotpFactors } from '../persistence/totp-factors.js';
import { Users } from '../persistence/users.js';
import { EndPersonSessions, type Outdated } from '../use-cases/end-person-sessions.js';
import { SecondFactor } from './second-factor.js';
import { newTotpSecret, otpauthUri, stepOf } from './totp.js';

export interface BegunEnrollment {
  secret: string;
  otpauthUri: string;
  /** A PNG as a data: URI. */
  qrCode: string;
}

export interface FinishedEnrollment {
  /** In the clear, to be shown once. */
  backupCodes: string[];
  outdated: Outdated;
}

/** How an authenticator comes to be a person's: begun with its secret, finished with its first code. */
@Injectable()
export class TotpEnrollment {
  constructor(
    private readonly db: Db,
    private readonly factors: TotpFactors,
    private readonly secondFactor: SecondFactor,
    private readonly users: Users,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly http: HttpConfig,
    private readonly clock: Clock,
  ) {}

  /** Nothing is asked for until it is finished. Throws 409 `MFA_ALREADY_ENABLED`. */
  async begin(person: Actor, email: string): Promise<BegunEnrollment> {
    const secret = newTotpSecret();
    if (!(await this.db.transaction(person, () => this.factors.begin(secret)))) {
      throw new DomainError(
        'conflict',
        'MFA_ALREADY_ENABLED',
        'There is an authenticator; disable it first.',
      );
    }
    return this.describe(secret, email);
  }

  /** What {@link begin} gave, while it is not finished; null where nothing was begun. */
  async resume(person: Actor, email: string): Promise<BegunEnrollment | null> {
    const factor = await this.factors.find(person);
    return factor && !factor.isConfirmed ? this.describe(factor.secret, email) : null;
  }

  private async describe(secret: string, email: string): Promise<BegunEnrollment> {
    const uri = otpauthUri(secret, new URL(this.http.baseUrl).hostname, email);
    return { secret, otpauthUri: uri, qrCode: await QRCode.toDataURL(uri) };
  }

  /**
   * From now on it is asked for. Gives the backup codes, and which sessions ended with it: those that never showed it, but
   * for the actor's own. Null for a wrong code, and where nothing was begun. Guesses are counted by whoever calls.
   */
  async finish(person: Actor, code: string): Promise<FinishedEnrollment | null> {
    const factor = await this.factors.find(person);
    if (!factor || factor.isConfirmed) return null;
    const step = stepOf(factor.secret, code, this.clock.now());
    if (step === null) return null;
    return this.db.transaction(person, async () => {
      // A session that begins at this moment begins before it, and ends; or after it, and asks for the factor.
      await this.users.lock();
      if (!(await this.factors.confirm(step))) return null;
      this.db.record([occurred(SecondFactorEnabled, { userId: person.id ?? '' }, this.clock.now())]);
      const except = person.sessionId;
      const outdated = await this.endPersonSessions.begin('second_factor_enabled', { except });
      return { backupCodes: await this.secondFactor.newBackupCodes(), outdated };
    });
  }
}
