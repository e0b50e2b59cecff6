import { z } from 'zod';

export const RoleView = z.object({
  name: z.string(),
  builtIn: z.boolean(),
  /** What it stands for; some of it holds only under a plan that has it. */
  scopes: z.array(z.string()),
});

export const RolesView = z.object({ data: z.array(RoleView), nextCursor: z.string().nullable() });

export const ROLE_EXAMPLE = {
  name: 'support-desk',
  built_in: false,
  scopes: ['licenses:read', 'members:invite', 'tenant:read'],
};
