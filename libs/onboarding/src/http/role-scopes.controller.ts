import { Body, Controller, Param, Patch } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ChangeRoleScopesInput, ROLE_EXAMPLE, RoleParams, RoleView } from '#tenancy';
import { ManageMembers } from '../use-cases/manage-members.js';

/** What concerns the tokens of everybody who has a role. */
@Controller('/api/v1/tenant/roles')
export class RoleScopesController {
  constructor(private readonly members: ManageMembers) {}

  @Patch('/:role')
  @Endpoint({
    summary: 'Let a role of the organisation’s own stand for other scopes; it holds from the next calls on',
    access: 'bearer',
    output: RoleView,
    example: ROLE_EXAMPLE,
    bodyExample: { scopes: ROLE_EXAMPLE.scopes },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN'],
      not_found: ['NOT_FOUND'],
      conflict: ['SEAT_LIMIT_REACHED'],
    },
  })
  async change(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(RoleParams) }) { role }: z.output<typeof RoleParams>,
    @Body({ schema: wire(ChangeRoleScopesInput) }) { scopes }: z.output<typeof ChangeRoleScopesInput>,
  ): Promise<z.input<typeof RoleView>> {
    await this.members.changeScopes(actor, role, scopes);
    return { name: role, builtIn: false, scopes };
  }
}
