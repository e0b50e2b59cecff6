import { Controller, Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { LicenseParams, PageInput, ReadLicenses } from '../use-cases/read-licenses.js';
import { LICENSE_EXAMPLE } from './examples.js';
import { LicensePage, LicenseView, licenseView } from './license.view.js';

@Controller('/api/v1/licenses')
export class LicensesController {
  constructor(private readonly readLicenses: ReadLicenses) {}

  @Get()
  @Endpoint({
    summary: 'The licences of the tenant',
    access: 'bearer',
    services: true,
    output: LicensePage,
    example: { data: [LICENSE_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(PageInput) }) input: z.output<typeof PageInput>,
  ): Promise<z.input<typeof LicensePage>> {
    const { data, nextCursor } = await this.readLicenses.page(actor, input);
    return { data: data.map((row) => licenseView(row, null)), nextCursor };
  }

  @Get('/:license_id')
  @Endpoint({
    summary: 'One licence; the full key for those with licenses:reveal',
    access: 'bearer',
    services: true,
    output: LicenseView,
    example: LICENSE_EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async read(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(LicenseParams) }) params: z.output<typeof LicenseParams>,
  ): Promise<z.input<typeof LicenseView>> {
    const { key, ...row } = await this.readLicenses.one(actor, params.licenseId);
    return licenseView(row, key);
  }
}
