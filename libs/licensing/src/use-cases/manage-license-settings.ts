import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { LEASE_MODES, type LeaseMode } from '#sdk/formats';
import { isTighterMode, termsAt } from '../domain/terms.js';
import { LicenseSettingsChanged } from '../events/index.js';
import { Licenses } from '../persistence/licenses.js';
import { TenantTerms, type TenantTermsRow } from '../persistence/tenant-terms.js';
import { RefreshTenantPolicies } from './refresh-tenant-policies.js';

/** A name of the IANA database; an offset like +02:00 knows no summer time. */
const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be the name of a time zone, like Europe/Berlin')
  .meta({ example: 'Europe/Berlin' });

export const LicenseSettingsInput = z.strictObject({
  /** null: what each licence says. */
  heartbeatMode: z.enum(LEASE_MODES).nullable().optional(),
  timeZone: TimeZone.optional(),
});

export type LicenseSettings = Pick<TenantTermsRow, 'heartbeatMode' | 'timeZone'>;

const PAGE = 100;

/** What a tenant chooses for all its licences: a tighter heartbeat mode, and the time zone that quotas reset in. */
@Injectable()
export class ManageLicenseSettings {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly tenantTerms: TenantTerms,
    private readonly refresh: RefreshTenantPolicies,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 without `licenses:manage`. */
  async read(actor: Actor): Promise<LicenseSettings> {
    actor.must('licenses:manage');
    return this.describe(actor);
  }

  /** The same for whoever has checked that the actor may. */
  describe(actor: Actor): Promise<LicenseSettings> {
    return this.tenantTerms.get(actor);
  }

  /** Throws 403 without `licenses:manage`, 403 `MODE_TOO_LOOSE`. */
  async change(actor: Actor, input: z.output<typeof LicenseSettingsInput>): Promise<LicenseSettings> {
    await this.db.transaction(actor, () => this.choose(actor, input));
    await this.settle(actor);
    return this.describe(actor);
  }

  /** Joins the caller's transaction; call {@link settle} after it. Throws like {@link change}. */
  async choose(actor: Actor, input: z.output<typeof LicenseSettingsInput>): Promise<void> {
    actor.must('licenses:manage');
    if (input.heartbeatMode) await this.mustTighten(actor, input.heartbeatMode);
    const old = await this.tenantTerms.lock();
    const { heartbeatMode = old.heartbeatMode, timeZone = old.timeZone } = input;
    if (heartbeatMode === old.heartbeatMode && timeZone === old.timeZone) return;
    await this.tenantTerms.save({ ...old, heartbeatMode, timeZone });
    const told = { tenantId: actor.tenantId ?? '', heartbeatMode, timeZone };
    this.db.record([occurred(LicenseSettingsChanged, told, this.clock.now())]);
  }

  /** Puts it in force at once. The event does the same a moment later, also when Redis is away now. */
  async settle(actor: Actor): Promise<void> {
    await this.refresh.execute(actor).catch(() => undefined);
  }

  /** No licence may come to be looser than it was given; one that is looser than the mode anyway follows it. */
  private async mustTighten(actor: Actor, mode: LeaseMode): Promise<void> {
    for (let after: string | null = null; ;) {
      const rows = await this.licenses.page(actor, after, PAGE);
      for (const { layers, status } of rows) {
        const given = termsAt({ ...layers, tenantMode: null }, this.clock.now()).heartbeatMode;
        if (status === 'active' && !isTighterMode(mode, given)) throw tooLoose(given);
      }
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }
}

const tooLoose = (given: LeaseMode) =>
  new DomainError(
    'forbidden',
    'MODE_TOO_LOOSE',
    'A licence of yours has a tighter heartbeat mode; only its vendor can loosen it.',
    { details: { heartbeatMode: given } },
  );

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
