import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, stepUp, wire } from '#platform';
import { ChangeMemberInput, MemberParams, MembersPage } from '#tenancy';
import { ManageMembers, TransferInput } from '../use-cases/manage-members.js';
import { doneView, MEMBER_EXAMPLE, MembersView, MemberView } from './members.view.js';

const RemovedView = doneView('removed');
const LeftView = doneView('left');
const TransferredView = doneView('transferred');

/** Who is in the caller's organisation. */
@Controller('/api/v1/tenant')
export class MembersController {
  constructor(private readonly members: ManageMembers) {}

  @Get('/members')
  @Endpoint({
    summary: 'Who is a member, and as what; the oldest first',
    access: 'bearer',
    output: MembersView,
    example: { data: [MEMBER_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(MembersPage) }) input: z.output<typeof MembersPage>,
  ): Promise<z.input<typeof MembersView>> {
    return this.members.page(actor, input);
  }

  @Patch('/members/:membership_id')
  @Endpoint({
    summary: 'Give a member another role; it holds from their next call on. To make an owner needs a step-up',
    access: 'bearer',
    output: MemberView,
    example: MEMBER_EXAMPLE,
    bodyExample: { role: 'developer' },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN', 'REAUTHENTICATION_REQUIRED'],
      not_found: ['NOT_FOUND'],
      conflict: ['LAST_OWNER', 'OWNER_NOT_VERIFIED', 'SEAT_LIMIT_REACHED'],
    },
  })
  change(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(MemberParams) }) { membershipId }: z.output<typeof MemberParams>,
    @Body({ schema: wire(ChangeMemberInput) }) { role }: z.output<typeof ChangeMemberInput>,
  ): Promise<z.input<typeof MemberView>> {
    return this.members.changeRole(actor, membershipId, role);
  }

  @Delete('/members/:membership_id')
  @Endpoint({
    summary: 'Remove a member: their sessions, seats, API keys and invitations here end',
    access: 'bearer',
    output: RemovedView,
    example: { status: 'removed' },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN'],
      not_found: ['NOT_FOUND'],
      conflict: ['LAST_OWNER'],
    },
  })
  async remove(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(MemberParams) }) { membershipId }: z.output<typeof MemberParams>,
  ): Promise<z.input<typeof RemovedView>> {
    await this.members.remove(actor, membershipId);
    return { status: 'removed' };
  }

  @Post('/leave')
  @Endpoint({
    summary: 'Leave the organisation; the session there is over',
    access: 'bearer',
    output: LeftView,
    example: { status: 'left' },
    refusals: { not_found: ['NOT_FOUND'], conflict: ['LAST_OWNER'] },
  })
  async leave(@CurrentActor() actor: Actor): Promise<z.input<typeof LeftView>> {
    await this.members.leave(actor);
    return { status: 'left' };
  }

  @Post('/transfer')
  @Endpoint({
    summary: 'Hand the organisation over: the member becomes an owner, the caller what `role` says',
    access: 'bearer',
    stepUp: stepUp('tenant:transfer'),
    output: TransferredView,
    example: { status: 'transferred' },
    bodyExample: { membership_id: MEMBER_EXAMPLE.id, role: 'admin' },
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      not_found: ['NOT_FOUND'],
      conflict: ['ALREADY_OWNER', 'OWNER_NOT_VERIFIED', 'SEAT_LIMIT_REACHED'],
    },
  })
  async transfer(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(TransferInput) }) input: z.output<typeof TransferInput>,
  ): Promise<z.input<typeof TransferredView>> {
    await this.members.transfer(actor, input);
    return { status: 'transferred' };
  }
}
