import type { Actor } from '#platform';

/** Whether the actor may change what people of the tenant have on a licence: its administrators, and operators. */
export const mayManage = ({ scopes }: Actor): boolean =>
  scopes.has('licenses:manage') || scopes.has('operator:licenses');

/** Throws 403 `MISSING_SCOPE` naming `licenses:manage`. */
export function mustManage(actor: Actor): void {
  if (!mayManage(actor)) actor.must('licenses:manage');
}
