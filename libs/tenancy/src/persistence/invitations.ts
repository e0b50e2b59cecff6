import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { Invitation, type InvitationStatus } from '../domain/invitation.js';

export interface InvitationRow {
  tenantId: string;
  id: string;
  email: string;
  role: string;
  invitedBy: string;
  generation: number;
  status: InvitationStatus;
  acceptedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
}

const SELECT = `
  select tenant_id as "tenantId", id, email, role, invited_by as "invitedBy", generation, status,
    accepted_by as "acceptedBy", created_at as "createdAt", expires_at as "expiresAt"
  from tenancy.invitations where tenant_id = $1`;

@Injectable()
export class Invitations {
  constructor(private readonly db: Db) {}

  async insert(invitation: Invitation): Promise<void> {
    await this.db.manager.insert(Invitation, invitation);
    this.db.record(invitation.takeEvents());
  }

  async save(invitation: Invitation): Promise<void> {
    await this.db.manager.save(Invitation, invitation);
    this.db.record(invitation.takeEvents());
  }

  /** One of the transaction's tenant, which is locked; null for none. */
  find(id: string): Promise<Invitation | null> {
    return this.db.manager.findOne(Invitation, { where: { tenantId: this.tenantId, id } });
  }

  /** Like {@link find}. Throws 404. */
  async get(id: string): Promise<Invitation> {
    const found = await this.find(id);
    if (!found) throw notFound('invitation');
    return found;
  }

  /** The one to an address that has not come to an end; it may have run out. */
  pendingTo(email: string): Promise<Invitation | null> {
    return this.db.manager.findOne(Invitation, {
      where: { tenantId: this.tenantId, email, status: 'pending' },
    });
  }

  /** Those that somebody sent and that have not come to an end. */
  pendingOf(invitedBy: string): Promise<Invitation[]> {
    return this.db.manager.find(Invitation, {
      where: { tenantId: this.tenantId, invitedBy, status: 'pending' },
    });
  }

  /** One of the actor's tenant; null for none. */
  async look(actor: Actor, id: string): Promise<InvitationRow | null> {
    const rows = await this.db.read<InvitationRow>(actor, `${SELECT} and id = $2`, [actor.tenantId, id]);
    return rows[0] ?? null;
  }

  /** A page of the actor's tenant, the newest first; `status` is what it is at `now`. */
  page(
    actor: Actor,
    { status, before, limit, now }: { status: string; before: string | null; limit: number; now: Date },
  ): Promise<InvitationRow[]> {
    return this.db.read<InvitationRow>(
      actor,
      `${SELECT} and ($2::text is null or id < $2)
         and $3 = case when status = 'pending' and expires_at <= $4 then 'expired' else status end
       order by id desc limit $5`,
      [actor.tenantId, before, status, now, limit],
    );
  }

  private get tenantId(): string {
    return this.db.actor.tenantId ?? '';
  }
}
