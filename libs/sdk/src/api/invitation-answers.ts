import { asObject, type Claims, readFlag, readInstant, readNullable, readText } from '../formats/claims.js';

/** Somebody who was asked to join. Times are epoch ms. */
export interface Invitation {
  id: string;
  email: string;
  role: string;
  /** `pending` while it can be accepted. */
  status: string;
  /** The person who vouches for it: who sent it last. */
  invitedBy: string;
  createdAt: number;
  expiresAt: number;
}

/** What a token of an invitation says to whoever holds it. */
export interface InvitationPreview {
  tenant: { id: string; name: string; slug: string };
  email: string;
  role: string;
  /** What whoever sent it is called; null: they have not said. */
  invitedBy: string | null;
  /** Sign in and accept; else register with the token. */
  accountExists: boolean;
  expiresAt: number;
}

export interface JoinedTenant {
  tenant: { id: string; name: string; slug: string };
  membership: { id: string; role: string };
}

export const readInvitation = (answer: Claims): Invitation => ({
  id: readText(answer, 'id'),
  email: readText(answer, 'email', 320),
  role: readText(answer, 'role'),
  status: readText(answer, 'status'),
  invitedBy: readText(answer, 'invited_by'),
  createdAt: readInstant(answer, 'created_at'),
  expiresAt: readInstant(answer, 'expires_at'),
});

export const readInvitationPreview = (answer: Claims): InvitationPreview => ({
  tenant: readNamedTenant(answer),
  email: readText(answer, 'email', 320),
  role: readText(answer, 'role'),
  invitedBy: readNullable(answer, 'invited_by', (from, name) => readText(from, name, 1024)),
  accountExists: readFlag(answer, 'account_exists'),
  expiresAt: readInstant(answer, 'expires_at'),
});

export const readJoinedTenant = (answer: Claims): JoinedTenant => {
  const membership = asObject(answer['membership'], 'membership');
  return {
    tenant: readNamedTenant(answer),
    membership: { id: readText(membership, 'id'), role: readText(membership, 'role') },
  };
};

function readNamedTenant(answer: Claims): JoinedTenant['tenant'] {
  const tenant = asObject(answer['tenant'], 'tenant');
  return {
    id: readText(tenant, 'id'),
    name: readText(tenant, 'name', 1024),
    slug: readText(tenant, 'slug'),
  };
}
