import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, DomainError, newId } from '#platform';
import {
  type INVITATION_REVOCATIONS,
  InvitationAccepted,
  InvitationCreated,
  InvitationDeclined,
  InvitationExpired,
  InvitationResent,
  InvitationRevoked,
} from '../events/index.js';

export const INVITATION_STATUSES = ['pending', 'accepted', 'declined', 'revoked', 'expired'] as const;
export type InvitationStatus = (typeof INVITATION_STATUSES)[number];

/** 410 `INVITATION_GONE`: unknown, used, void, run out, taken back; which, is not told. */
export const invitationGone = (): DomainError =>
  new DomainError('gone', 'INVITATION_GONE', 'This invitation is not good any more; ask for another.');

/** That somebody with a certain address may become a member, as what, and who says so. */
@Entity({ schema: 'tenancy', name: 'invitations' })
export class Invitation extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  /** In the one form that is compared. */
  @Column({ type: 'text' })
  readonly email!: string;

  @Column({ type: 'text' })
  readonly role!: string;

  /** Who vouches for it: whoever sent it last. */
  @Column({ name: 'invited_by', type: 'text' })
  invitedBy!: string;

  /** Of its token; the one of an earlier generation is void. */
  @Column({ type: 'int' })
  generation!: number;

  /** As it was left; one that has run out is `pending` until somebody notices: see {@link statusAt}. */
  @Column({ type: 'text' })
  status!: InvitationStatus;

  @Column({ name: 'accepted_by', type: 'text', nullable: true })
  acceptedBy!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  static create(
    init: { tenantId: string; email: string; role: string; invitedBy: string; expiresAt: Date },
    now: Date,
  ): Invitation {
    const invitation = Object.assign(new Invitation(), {
      ...init,
      id: newId('inv'),
      generation: 1,
      status: 'pending',
      acceptedBy: null,
      createdAt: now,
      endedAt: null,
    } as const);
    invitation.record(InvitationCreated, { ...invitation.facts(), generation: 1 }, now);
    return invitation;
  }

  isOpen(now: Date): boolean {
    return statusAt(this, now) === 'pending';
  }

  /** One that has run out begins anew. Throws 409 `INVITATION_ENDED`. */
  resend(by: string, expiresAt: Date, now: Date): void {
    if (this.status !== 'pending') throw invitationEnded();
    Object.assign(this, { invitedBy: by, expiresAt, generation: this.generation + 1 });
    this.record(InvitationResent, { ...this.facts(), generation: this.generation }, now);
  }

  /** Throws 409 `INVITATION_ENDED`. */
  revoke(reason: (typeof INVITATION_REVOCATIONS)[number], now: Date): void {
    if (this.status !== 'pending') throw invitationEnded();
    this.end('revoked', now);
    this.record(InvitationRevoked, { ...this.facts(), reason }, now);
  }

  /** Throws 410 `INVITATION_GONE`. */
  accept(userId: string, now: Date): void {
    if (!this.isOpen(now)) throw invitationGone();
    this.end('accepted', now);
    this.acceptedBy = userId;
    this.record(InvitationAccepted, { ...this.facts(), userId }, now);
  }

  /** Throws 410 `INVITATION_GONE`. */
  decline(now: Date): void {
    if (!this.isOpen(now)) throw invitationGone();
    this.end('declined', now);
    this.record(InvitationDeclined, this.facts(), now);
  }

  /** Makes room for another one to the same address. */
  expire(now: Date): void {
    this.end('expired', now);
    this.record(InvitationExpired, this.facts(), now);
  }

  private end(status: InvitationStatus, now: Date): void {
    this.status = status;
    this.endedAt = now;
  }

  private facts() {
    return { invitationId: this.id, role: this.role };
  }
}

/** What it is by now. */
export const statusAt = (
  { status, expiresAt }: Pick<Invitation, 'status' | 'expiresAt'>,
  now: Date,
): InvitationStatus => (status === 'pending' && expiresAt <= now ? 'expired' : status);

const invitationEnded = () =>
  new DomainError('conflict', 'INVITATION_ENDED', 'The invitation was accepted, declined or taken back.');
