import { z } from 'zod';
import { idOf } from '#platform';
import type { InvitationRow } from '../persistence/invitations.js';

export const InvitationView = z.object({
  id: idOf('inv'),
  email: z.string(),
  role: z.string(),
  status: z.string(),
  /** Who vouches for it: whoever sent it last. */
  invitedBy: idOf('usr'),
  createdAt: z.date(),
  expiresAt: z.date(),
});

export const InvitationsView = z.object({
  data: z.array(InvitationView),
  nextCursor: idOf('inv').nullable(),
});

type Seen = Pick<InvitationRow, 'id' | 'email' | 'role' | 'status' | 'invitedBy' | 'createdAt' | 'expiresAt'>;

export const invitationView = (one: Seen): z.input<typeof InvitationView> => one;

export const INVITATION_EXAMPLE = {
  id: 'inv_01k9zq6mwee4rr8q3fjz6c1v2d',
  email: 'grace@example.com',
  role: 'developer',
  status: 'pending',
  invited_by: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
  created_at: '2026-11-22T18:00:00.000Z',
  expires_at: '2026-11-29T18:00:00.000Z',
};
