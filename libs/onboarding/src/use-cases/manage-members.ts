import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, DomainError, idOf, type Page } from '#platform';
import { type PutOut, PutOutMember, ReadPeople, RequireStepUp } from '#identity';
import { enderOf, TakeSeats } from '#licensing';
import { ChangeMembership, ManageRoles, type MembersPage, ReadMembers, RoleName } from '#tenancy';

export const TransferInput = z.strictObject({
  membershipId: idOf('mem'),
  /** What the caller is from then on. */
  role: RoleName.refine((name) => name !== 'owner', 'must be another role than owner').default('admin'),
});

/** A member as others in the organisation see them. */
export interface Member {
  id: string;
  userId: string;
  /** Null of who has deleted their account a moment ago. */
  email: string | null;
  displayName: string | null;
  role: string;
  createdAt: Date;
}

/**
 * People of an organisation. What a membership stood for ends with it in one transaction: sessions, access tokens, API keys
 * and invitations; seats right behind it. Every process knows within two seconds.
 */
@Injectable()
export class ManageMembers {
  constructor(
    private readonly db: Db,
    private readonly readMembers: ReadMembers,
    private readonly readPeople: ReadPeople,
    private readonly changeMembership: ChangeMembership,
    private readonly manageRoles: ManageRoles,
    private readonly putOutMember: PutOutMember,
    private readonly requireStepUp: RequireStepUp,
    private readonly takeSeats: TakeSeats,
  ) {}

  /** The oldest first. Throws 403 `MISSING_SCOPE`. */
  async page(actor: Actor, input: z.output<typeof MembersPage>): Promise<Page<Member>> {
    const page = await this.readMembers.page(actor, input);
    return { ...page, data: await this.named(actor, page.data) };
  }

  /**
   * One more owner is made as an organisation is handed over: not with a stolen token, nor to who cannot be reached. Throws
   * like ChangeMembership.changeRole, 403 `REAUTHENTICATION_REQUIRED`, 409 `OWNER_NOT_VERIFIED`.
   */
  async changeRole(actor: Actor, membershipId: string, role: string): Promise<Member> {
    actor.must('members:manage');
    if (role === 'owner') await this.requireStepUp.execute(actor);
    const { membership, putOut } = await this.db.transaction(actor, async () => {
      const changed = await this.changeMembership.changeRole(actor, membershipId, role, this.fitToOwn);
      if (role === 'owner' && changed.hasChanged) await this.mustBeFit(changed.membership.userId);
      return { membership: changed.membership, putOut: await this.follow(changed) };
    });
    if (putOut) this.putOutMember.finish(putOut);
    const [member] = await this.named(actor, [membership]);
    return member!;
  }

  /** Throws like ChangeMembership.remove. */
  async remove(actor: Actor, membershipId: string): Promise<void> {
    const putOut = await this.db.transaction(actor, async () => {
      const { userId } = await this.changeMembership.remove(actor, membershipId, this.fitToOwn);
      return { userId, ...(await this.putOutMember.begin(userId)) };
    });
    await this.finish(actor, putOut);
  }

  /** Throws 404, 409 `LAST_OWNER`. */
  async leave(actor: Actor): Promise<void> {
    const putOut = await this.db.transaction(actor, async () => {
      const { userId } = await this.changeMembership.leave(actor, this.fitToOwn);
      return { userId, ...(await this.putOutMember.begin(userId)) };
    });
    await this.finish(actor, putOut);
  }

  /** Throws like ChangeMembership.transfer, and 409 `OWNER_NOT_VERIFIED`. */
  async transfer(actor: Actor, { membershipId, role }: z.output<typeof TransferInput>): Promise<void> {
    const putOuts = await this.db.transaction(actor, async () => {
      const changed = await this.changeMembership.transfer(actor, membershipId, role);
      await this.mustBeFit(changed[0]!.membership.userId);
      return [await this.follow(changed[0]!), await this.follow(changed[1]!)];
    });
    for (const one of putOuts) if (one) this.putOutMember.finish(one);
  }

  /** Other scopes for all who have the role. Throws like ManageRoles.change. */
  async changeScopes(actor: Actor, role: string, scopes: string[]): Promise<void> {
    const putOuts = await this.db.transaction(actor, async () => {
      const { holders, isLess } = await this.manageRoles.change(actor, role, scopes);
      const all: PutOut[] = [];
      for (const userId of holders)
        all.push(await this.putOutMember.changeRole(userId, { keepKeys: !isLess }));
      return all;
    });
    for (const one of putOuts) this.putOutMember.finish(one);
  }

  /** Seats end here already: what the worker does by the event waits while there is none. It does it again all the same. */
  private async finish(actor: Actor, putOut: PutOut & { userId: string }): Promise<void> {
    this.putOutMember.finish(putOut);
    const { tenantId } = actor;
    if (tenantId)
      await this.takeSeats
        .execute({ tenantId, userId: putOut.userId, why: 'user_removed' }, enderOf(actor))
        .catch(() => undefined);
  }

  private readonly fitToOwn = (userIds: readonly string[]) => this.readPeople.fitToOwn(userIds);

  /** Inside the transaction: tokens say the former role; whoever may do less has no keys from before. */
  private async follow({
    membership: { userId },
    hasChanged,
    isLess,
  }: Awaited<ReturnType<ChangeMembership['changeRole']>>) {
    return hasChanged ? this.putOutMember.changeRole(userId, { keepKeys: !isLess }) : null;
  }

  /** Or the organisation would belong to who cannot be reached, or is kept out. Throws 409 `OWNER_NOT_VERIFIED`. */
  private async mustBeFit(userId: string): Promise<void> {
    if ((await this.fitToOwn([userId])).length === 1) return;
    throw new DomainError(
      'conflict',
      'OWNER_NOT_VERIFIED',
      'An owner has verified their e-mail address, and their account is not suspended.',
    );
  }

  private async named(
    actor: Actor,
    rows: readonly Omit<Member, 'email' | 'displayName'>[],
  ): Promise<Member[]> {
    const people = await this.readPeople.execute(
      actor,
      rows.map(({ userId }) => userId),
    );
    return rows.map((row) => {
      const { email = null, displayName = null } = people.get(row.userId) ?? {};
      const { id, userId, role, createdAt } = row;
      return { id, userId, email, displayName, role, createdAt };
    });
  }
}
