import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ListOrganizations, OrganizationsPage } from '#tenancy';
import { JoinInput, MakeOrganizationInput, OwnOrganizations } from '../use-cases/own-organizations.js';
import {
  JOINED_EXAMPLE,
  JoinedView,
  MadeOrganizationView,
  ORGANIZATION_EXAMPLE,
  OrganizationsView,
} from './organizations.view.js';

/** Every organisation of the caller, whichever their token is for. */
@Controller('/api/v1/tenants')
export class OrganizationsController {
  constructor(
    private readonly list: ListOrganizations,
    private readonly own: OwnOrganizations,
  ) {}

  @Get()
  @Endpoint({
    summary:
      'The organisations that the caller is a member of, the oldest first; `POST /auth/switch` leads there',
    access: 'bearer',
    output: OrganizationsView,
    example: { data: [ORGANIZATION_EXAMPLE], next_cursor: null },
  })
  page(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(OrganizationsPage) }) input: z.output<typeof OrganizationsPage>,
  ): Promise<z.input<typeof OrganizationsView>> {
    return this.list.execute(actor, input);
  }

  @Post()
  @Endpoint({
    summary: 'Make one more organisation, with a Free licence; the caller owns it',
    access: 'bearer',
    idempotent: 'secret',
    status: 201,
    output: MadeOrganizationView,
    example: {
      ...ORGANIZATION_EXAMPLE,
      license: {
        id: 'lic_01k9zq6mwee4rr8q3fjz6c1v2d',
        key: 'GH-FREE-0123456789AB-3A5F',
        tier: 'FREE',
        status: 'active',
      },
    },
    bodyExample: { organization_name: 'Acme Tools' },
    refusals: { forbidden: ['EMAIL_NOT_VERIFIED'] },
  })
  async make(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(MakeOrganizationInput) }) input: z.output<typeof MakeOrganizationInput>,
  ): Promise<z.input<typeof MadeOrganizationView>> {
    const { tenant, issued } = await this.own.make(actor, input);
    const { id, tier, status } = issued.license;
    return { ...tenant, role: 'owner', license: { id, tier, status, key: issued.key } };
  }

  @Post('/join')
  @Endpoint({
    summary: 'Become a member of an organisation that lets in proved addresses of the caller’s domain',
    access: 'bearer',
    output: JoinedView,
    example: JOINED_EXAMPLE,
    bodyExample: { slug: 'acme-tools' },
    refusals: {
      forbidden: ['EMAIL_NOT_VERIFIED', 'TENANT_SUSPENDED'],
      not_found: ['NOT_FOUND'],
      conflict: ['ALREADY_MEMBER', 'SEAT_LIMIT_REACHED', 'MEMBER_LIMIT_REACHED'],
    },
  })
  join(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(JoinInput) }) input: z.output<typeof JoinInput>,
  ): Promise<z.input<typeof JoinedView>> {
    return this.own.join(actor, input);
  }
}
