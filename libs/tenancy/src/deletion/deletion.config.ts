import { configOf, setting, whole } from '#platform';

/** How long the deletion of a tenant may be taken back. */
export class DeletionConfig extends configOf('deletion', {
  graceDays: setting(
    'TENANCY_DELETION_GRACE_DAYS',
    whole(1, 365).default(30),
    'Days between the request to delete an organisation and its end, in which its owners may take it back.',
  ),
}) {}
