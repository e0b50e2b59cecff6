import { z } from 'zod';

/** Those that every organisation has. */
export const ROLES = ['owner', 'admin', 'billing', 'developer', 'member', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export const isBuiltIn = (name: string): name is Role => (ROLES as readonly string[]).includes(name);

/** A role by its name: one of the built-in ones, or one that the organisation made. */
export const RoleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{1,39}$/, 'must be the name of a role, like support-desk')
  .meta({ example: 'developer' });
