import { Body, Controller, Get, Patch } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ManageSettings, SettingsInput } from '../use-cases/manage-settings.js';

const SettingsView = z.object({
  signUpMode: z.string(),
  allowedDomains: z.array(z.string()),
  secondFactorRequired: z.boolean(),
  /** null: as long as the product keeps it. */
  retentionDays: z.int().nullable(),
  /** null: what each licence says. */
  heartbeatMode: z.string().nullable(),
  timeZone: z.string(),
});

const EXAMPLE = {
  sign_up_mode: 'allowed_domains',
  allowed_domains: ['acme.example'],
  second_factor_required: true,
  retention_days: null,
  heartbeat_mode: 'strict',
  time_zone: 'Europe/Berlin',
};

/** What the caller's organisation chose for itself. */
@Controller('/api/v1/tenant/settings')
export class SettingsController {
  constructor(private readonly settings: ManageSettings) {}

  @Get()
  @Endpoint({
    summary: 'What the organisation chose for itself',
    access: 'bearer',
    output: SettingsView,
    example: EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  read(@CurrentActor() actor: Actor): Promise<z.input<typeof SettingsView>> {
    return this.settings.read(actor);
  }

  @Patch()
  @Endpoint({
    summary:
      'Choose some of it anew; to ask for a second factor no longer, and to keep less of the past, need a step-up, and to let people join by themselves `members:invite`',
    access: 'bearer',
    output: SettingsView,
    example: EXAMPLE,
    bodyExample: EXAMPLE,
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN', 'MODE_TOO_LOOSE', 'REAUTHENTICATION_REQUIRED'],
    },
  })
  change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(SettingsInput) }) input: z.output<typeof SettingsInput>,
  ): Promise<z.input<typeof SettingsView>> {
    return this.settings.change(actor, input);
  }
}
