import { Body, Controller, Get, Patch } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { LEASE_MODES } from '#sdk/formats';
import { LicenseSettingsInput, ManageLicenseSettings } from '../use-cases/manage-license-settings.js';

const SettingsView = z.object({
  /** null: what each licence says. */
  heartbeatMode: z.enum(LEASE_MODES).nullable(),
  timeZone: z.string(),
});

const EXAMPLE = { heartbeat_mode: 'strict', time_zone: 'Europe/Berlin' };

/** What a tenant chooses for all its licences. */
@Controller('/api/v1/licenses/settings')
export class LicenseSettingsController {
  constructor(private readonly settings: ManageLicenseSettings) {}

  @Get()
  @Endpoint({
    summary: 'What the tenant chose for all its licences',
    access: 'bearer',
    services: true,
    output: SettingsView,
    example: EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  read(@CurrentActor() actor: Actor): Promise<z.input<typeof SettingsView>> {
    return this.settings.read(actor);
  }

  @Patch()
  @Endpoint({
    summary: 'Choose a tighter heartbeat mode, or the time zone that quotas reset in',
    access: 'bearer',
    services: true,
    output: SettingsView,
    example: EXAMPLE,
    bodyExample: EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE', 'MODE_TOO_LOOSE'] },
  })
  change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(LicenseSettingsInput) }) input: z.output<typeof LicenseSettingsInput>,
  ): Promise<z.input<typeof SettingsView>> {
    return this.settings.change(actor, input);
  }
}
