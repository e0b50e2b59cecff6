import { Body, Controller, Get, Patch } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ChangeTenant, ChangeTenantInput } from '../use-cases/change-tenant.js';
import { TENANT_DETAILS_EXAMPLE, TenantDetailsView, tenantDetailsView } from './tenant.view.js';

/** The caller's organisation. */
@Controller('/api/v1/tenant')
export class TenantController {
  constructor(private readonly changeTenant: ChangeTenant) {}

  @Get()
  @Endpoint({
    summary: 'The organisation of the caller: name, plan, limits',
    access: 'bearer',
    output: TenantDetailsView,
    example: TENANT_DETAILS_EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  async read(@CurrentActor() actor: Actor): Promise<z.input<typeof TenantDetailsView>> {
    return tenantDetailsView(await this.changeTenant.read(actor));
  }

  @Patch()
  @Endpoint({
    summary: 'Change its name or its slug',
    access: 'bearer',
    output: TenantDetailsView,
    example: TENANT_DETAILS_EXAMPLE,
    bodyExample: { name: 'Acme Tools', slug: 'acme-tools' },
    refusals: { forbidden: ['MISSING_SCOPE'], conflict: ['SLUG_TAKEN', 'SLUGS_EXHAUSTED'] },
  })
  async change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChangeTenantInput) }) input: z.output<typeof ChangeTenantInput>,
  ): Promise<z.input<typeof TenantDetailsView>> {
    return tenantDetailsView(await this.changeTenant.execute(actor, input));
  }
}
