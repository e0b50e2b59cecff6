import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Db } from '#platform';
import { RequireStepUp } from '#identity';
import { type LicenseSettings, LicenseSettingsInput, ManageLicenseSettings } from '#licensing';
import { ChooseSettings, type TenantSettings, TenantSettingsInput } from '#tenancy';

export const SettingsInput = TenantSettingsInput.extend(LicenseSettingsInput.shape);

export type Settings = TenantSettings & LicenseSettings;

/** What an organisation chose for itself, whichever context holds it: all of a change, or none. */
@Injectable()
export class ManageSettings {
  constructor(
    private readonly db: Db,
    private readonly chooseSettings: ChooseSettings,
    private readonly licenseSettings: ManageLicenseSettings,
    private readonly requireStepUp: RequireStepUp,
  ) {}

  /** Throws 403 `MISSING_SCOPE`. */
  async read(actor: Actor): Promise<Settings> {
    const [own, { heartbeatMode, timeZone }] = await Promise.all([
      this.chooseSettings.read(actor),
      this.licenseSettings.describe(actor),
    ]);
    return { ...own, heartbeatMode, timeZone };
  }

  /**
   * No longer asking for a second factor, and keeping less of the past, need a step-up: a stolen token would do that first.
   * Throws 403 `MISSING_SCOPE`, `MODE_TOO_LOOSE` or `REAUTHENTICATION_REQUIRED`.
   */
  async change(actor: Actor, input: z.output<typeof SettingsInput>): Promise<Settings> {
    const { heartbeatMode, timeZone, ...own } = input;
    actor.must('tenant:manage');
    const concernsLicenses = heartbeatMode !== undefined || timeZone !== undefined;
    if (await this.isRisky(actor, own)) await this.requireStepUp.execute(actor);
    await this.db.transaction(actor, async () => {
      await this.chooseSettings.change(actor, own);
      if (concernsLicenses) await this.licenseSettings.choose(actor, { heartbeatMode, timeZone });
    });
    if (concernsLicenses) await this.licenseSettings.settle(actor);
    return this.read(actor);
  }

  private async isRisky(
    actor: Actor,
    { secondFactorRequired, retentionDays }: z.output<typeof TenantSettingsInput>,
  ): Promise<boolean> {
    if (secondFactorRequired !== false && !retentionDays) return false;
    const present = await this.chooseSettings.read(actor);
    if (secondFactorRequired === false && present.secondFactorRequired) return true;
    return !!retentionDays && retentionDays < (present.retentionDays ?? Infinity);
  }
}
