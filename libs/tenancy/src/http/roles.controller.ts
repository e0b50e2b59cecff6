import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { CreateRoleInput, ManageRoles, RoleParams, RolesPage } from '../use-cases/manage-roles.js';
import { ROLE_EXAMPLE, RolesView, RoleView } from './roles.view.js';

const DeletedView = z.object({ status: z.literal('deleted') });

/** The roles of the caller's organisation. Changing one spans contexts: see onboarding. */
@Controller('/api/v1/tenant/roles')
export class RolesController {
  constructor(private readonly roles: ManageRoles) {}

  @Get()
  @Endpoint({
    summary: 'The roles there are, the built-in ones first, and the scopes each stands for',
    access: 'bearer',
    output: RolesView,
    example: { data: [ROLE_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'], invalid: ['CURSOR_INVALID'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(RolesPage) }) input: z.output<typeof RolesPage>,
  ): Promise<z.input<typeof RolesView>> {
    const { data, nextCursor } = await this.roles.page(actor, input);
    return { data: data.map((one) => ({ ...one, scopes: [...one.scopes] })), nextCursor };
  }

  @Post()
  @Endpoint({
    summary: 'Make a role of the organisation’s own; its scopes can be those that the caller’s role has',
    access: 'bearer',
    idempotent: 'plain',
    status: 201,
    output: RoleView,
    example: ROLE_EXAMPLE,
    bodyExample: { name: ROLE_EXAMPLE.name, scopes: ROLE_EXAMPLE.scopes },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN'],
      conflict: ['ROLE_EXISTS', 'ROLES_EXHAUSTED'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(CreateRoleInput) }) input: z.output<typeof CreateRoleInput>,
  ): Promise<z.input<typeof RoleView>> {
    const made = await this.roles.create(actor, input);
    return { ...made, scopes: [...made.scopes] };
  }

  @Delete('/:role')
  @Endpoint({
    summary: 'Delete a role that nobody has',
    access: 'bearer',
    output: DeletedView,
    example: { status: 'deleted' },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN'],
      not_found: ['NOT_FOUND'],
      conflict: ['ROLE_IN_USE'],
    },
  })
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(RoleParams) }) { role }: z.output<typeof RoleParams>,
  ): Promise<z.input<typeof DeletedView>> {
    await this.roles.delete(actor, role);
    return { status: 'deleted' };
  }
}
