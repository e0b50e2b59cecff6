import type { LicenseRow, Override, PolicyRow, ProductRow } from '#licensing';

/** A licence in one line of a list. */
export function lineOf(row: LicenseRow): string {
  const { id, tenantId, tier, keyMasked, name } = row;
  const until = row.expiresAt ? `until ${row.expiresAt.toISOString()}` : 'without an end';
  return [id, tenantId, tier, statusOf(row), seatsOf(row), until, keyMasked, name ?? ''].join(' ').trim();
}

/** A licence with all that holds for it. */
export function describeLicense(row: LicenseRow): string[] {
  const { terms } = row;
  const lines: [string, string | null][] = [
    ['license', row.id],
    ['tenant', row.tenantId],
    ['name', row.name],
    ['key', row.keyMasked],
    ['status', statusOf(row)],
    ['since', row.statusAt && `${row.statusAt.toISOString()} (${row.statusReason ?? ''})`],
    [
      'waits for',
      row.unprovedHolder && `${row.unprovedHolder} to prove their address; until then not by key alone`,
    ],
    ['plan', row.tier],
    ['product', row.productCode],
    ['policy', row.policyCode && `${row.productCode}/${row.policyCode}`],
    ['seats', seatsOf(row)],
    ['created', row.createdAt.toISOString()],
    ['term', termOf(row)],
    ['checked in', row.checkedInAt?.toISOString() ?? null],
    ['came from', row.transferredFrom],
    ['went to', row.transferredTo],
    ['users', row.users.length > 0 ? `${row.users.length} named` : null],
    ['devices', row.devices.length > 0 ? `${row.devices.length} bound` : null],
    ['terms', JSON.stringify(terms)],
    ...Object.entries(row.metadata).map(([key, value]): [string, string] => [`metadata.${key}`, value]),
  ];
  const told = lines.flatMap(([what, text]) => (text ? [`${what}: ${text}`] : []));
  return [...told, ...describeOverrides(row.overrides)];
}

/** Numbered as `clear-override --number` takes them. */
export const describeOverrides = (overrides: readonly Override[]): string[] =>
  overrides.map(
    ({ terms, expiresAt, reason }, index) =>
      `override ${index + 1}: ${JSON.stringify(terms)} ${expiresAt ? `until ${expiresAt}` : 'for good'} (${reason})`,
  );

export const describeProduct = ({ id, code, name, brand }: ProductRow): string =>
  `${code} ${id} ${name}${brand ? ` (keys begin with ${brand})` : ''}`;

export const describePolicy = ({ id, product, code, name, tier, terms }: PolicyRow): string =>
  `${product}/${code} ${id} ${name} (on ${tier}) ${JSON.stringify(terms)}`;

function statusOf({ status, tenantSuspended }: LicenseRow): string {
  return tenantSuspended && status === 'active' ? 'suspended with its tenant' : status;
}

function seatsOf({ terms: { seats, seatCap, overage } }: LicenseRow): string {
  if (seats === null) return 'unlimited seats';
  const beyond = overage === '1x' ? '' : `, ${seatCap ?? 'any number'} with overage`;
  return `${seats} ${seats === 1 ? 'seat' : 'seats'}${beyond}`;
}

function termOf({ startedAt, expiresAt, terms }: LicenseRow): string {
  if (!startedAt) return `${terms.durationDays} days from its ${terms.expiryBasis.replace('_', ' ')}`;
  const from = `from ${startedAt.toISOString()}`;
  return expiresAt ? `${from} until ${expiresAt.toISOString()}` : `${from} without an end`;
}
