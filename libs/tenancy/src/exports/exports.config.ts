import { configOf, setting, whole } from '#platform';

/** How long and how large exports of tenants may be. */
export class ExportsConfig extends configOf('exports', {
  keepDays: setting(
    'TENANCY_EXPORT_DAYS',
    whole(1, 90).default(7),
    'Days that the file of an export is kept for its tenant.',
  ),
  maxMib: setting(
    'TENANCY_EXPORT_MAX_MIB',
    whole(1, 102_400).default(1_024),
    'The largest file of an export, compressed, in MiB; a larger one fails and says so.',
  ),
}) {}
