import { z } from 'zod';
import { idOf } from '#platform';

export const MemberView = z.object({
  id: idOf('mem'),
  userId: idOf('usr'),
  /** null: they have deleted their account a moment ago. */
  email: z.string().nullable(),
  displayName: z.string().nullable(),
  role: z.string(),
  createdAt: z.date(),
});

export const MembersView = z.object({ data: z.array(MemberView), nextCursor: idOf('mem').nullable() });

export const MEMBER_EXAMPLE = {
  id: 'mem_01k9zq6mwee4rr8q3fjz6c1v2d',
  user_id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
  email: 'ada@example.com',
  display_name: 'Ada',
  role: 'developer',
  created_at: '2026-11-22T18:00:00.000Z',
};

/** What became of what was asked for. */
export const doneView = <S extends string>(status: S) => z.object({ status: z.literal(status) });
