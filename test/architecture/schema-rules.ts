import type pg from 'pg';

/**
 * Tables that belong to no tenant, each with why. Every other table is a tenant's: it has tenant_id, and its keys
 * begin with it.
 */
export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'identity.users': { kind: 'personal', column: 'id' },
  'tenancy.user_tenants': { kind: 'personal', column: 'user_id' },
  'identity.identities': { kind: 'locator', columns: ['connection', 'subject', 'user_id'] },
  'identity.passwords': { kind: 'personal', column: 'user_id' },
  'identity.password_history': { kind: 'personal', column: 'user_id' },
  'identity.mail_tokens': { kind: 'personal', column: 'user_id' },
  'identity.address_changes': { kind: 'personal', column: 'user_id' },
  'identity.linked_identities': { kind: 'personal', column: 'user_id' },
  'identity.pending_identities': { kind: 'personal', column: 'user_id' },
  'identity.totp_factors': { kind: 'personal', column: 'user_id' },
  'identity.backup_codes': { kind: 'personal', column: 'user_id' },
  'identity.known_devices': { kind: 'personal', column: 'user_id' },
  'identity.user_profiles': { kind: 'personal', column: 'user_id' },
  'identity.outdated_sessions': { kind: 'personal', column: 'user_id' },
  'identity.ended_families': { kind: 'personal', column: 'user_id' },
  'identity.address_claims': { kind: 'locator', columns: ['address_hash', 'user_id'] },
  'identity.user_login_events': {
    kind: 'intake',
    own: 'user_id',
    why: 'Tells also of attempts on accounts that are not there, which belong to nobody.',
  },
  'identity.service_account_tenants': { kind: 'locator', columns: ['service_account_id', 'tenant_id'] },
  'licensing.license_keys': { kind: 'locator', columns: ['key_hash', 'license_id', 'tenant_id'] },
  'tenancy.slugs': { kind: 'locator', columns: ['slug', 'tenant_id'] },
  'licensing.products': { kind: 'catalogue' },
  'licensing.policies': { kind: 'catalogue' },
  'licensing.plans': { kind: 'catalogue' },
  'licensing.catalogue': { kind: 'catalogue' },
  'licensing.seat_shards': { kind: 'catalogue' },
  'licensing.catalogue_log': {
    kind: 'internal',
    why: 'Who changed the catalogue and why; operators alone read and write it.',
  },
  'billing.stripe_customers': { kind: 'locator', columns: ['customer_id', 'tenant_id'] },
  'billing.stripe_events': { kind: 'intake', why: 'An event belongs to a tenant only once it is applied.' },
  'billing.operator_log': {
    kind: 'internal',
    why: 'What operators did to events and settings of no tenant, or of many; they alone read it.',
  },
  'billing.drift': {
    kind: 'internal',
    why: 'Where Stripe and we disagree, also about what is of no tenant; operators alone read it.',
  },
  'billing.endings': {
    kind: 'internal',
    why: 'Whom Stripe may not go on billing; it outlives the tenant, and names its customer at Stripe alone.',
  },
  'billing.product_writes': {
    kind: 'internal',
    why: 'What the product asks of Stripe for itself, with the key of each; of what was asked only a digest.',
  },
  'billing.sweeps': { kind: 'internal', why: 'How far the comparison with Stripe has come.' },
  'identity.signing_keys': {
    kind: 'internal',
    why: 'The keys of the installation; public halves and names only.',
  },
  'identity.signing_key_log': {
    kind: 'internal',
    why: 'Who moved the keys of the installation and why; operators alone read and write it.',
  },
  'platform.closed_tenants': { kind: 'catalogue' },
  'platform.erasure_rules': {
    kind: 'internal',
    why: 'Tells what is erased how; names of tables and columns only.',
  },
  'platform.partitioned': {
    kind: 'internal',
    why: 'Tells the upkeep which tables to look after; names of tables only.',
  },
};

type Exception =
  /** Rows of one person; `column` must equal app.user_id. */
  | { kind: 'personal'; column: string }
  /** How a tenant is found before it is known: exactly these columns. */
  | { kind: 'locator'; columns: readonly string[] }
  /** The same for every tenant: the app role may read it and change nothing. */
  | { kind: 'catalogue' }
  /** The app role may put rows in and read none, or those alone whose column `own` equals app.user_id. */
  | { kind: 'intake'; own?: string; why: string }
  /** The app role may do nothing with it. */
  | { kind: 'internal'; why: string };

const OWNER = 'gatehouse_owner';
const ROLES = ['gatehouse_app', 'gatehouse_system', 'gatehouse_migrator', OWNER];
/** What the app role may be granted; TRUNCATE passes by every policy, REFERENCES and TRIGGER tell of rows. */
const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

const TENANT_RULE = `(tenant_id = NULLIF(current_setting('app.tenant_id'::text, true), ''::text))`;
const personalRule = (column: string) =>
  `(${column} = NULLIF(current_setting('app.user_id'::text, true), ''::text))`;

interface Facts {
  tables: TableFacts[];
  keys: { table: string; name: string; kind: 'p' | 'u' | 'f' | 'i'; columns: string[]; to: string | null }[];
  policies: {
    table: string;
    name: string;
    public: boolean;
    roles: string[];
    using: string | null;
    check: string | null;
  }[];
  grants: { object: string; kind: string; grantee: string; privilege: string; partition: boolean }[];
  views: { name: string; kind: string; invoker: boolean }[];
  functions: { name: string; definer: boolean; path: boolean; open: boolean }[];
  owned: { object: string; owner: string }[];
  roles: { name: string; powers: string[]; member: string[] }[];
  strays: string[];
}

interface TableFacts {
  name: string;
  enabled: boolean;
  forced: boolean;
  partition: boolean;
  columns: string[];
}

/** A sentence for each place where the database breaks a rule; none when it keeps them all. */
export async function schemaFaults(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ facts: Facts }>(FACTS);
  const { facts } = rows[0]!;
  return [
    ...rowSecurity(facts),
    ...tenantKeys(facts),
    ...appPolicies(facts),
    ...privileges(facts),
    ...foreignKeys(facts),
    ...functionsAndViews(facts),
    ...roles(facts),
    ...facts.strays.map(
      (name) => `${name}: nothing of ours may be in schema public but the table of migrations.`,
    ),
  ];
}

function rowSecurity({ tables, policies }: Facts): string[] {
  return [
    ...tables.filter((table) => !table.enabled).map((table) => `${table.name}: row security is not enabled.`),
    ...tables.filter((table) => !table.forced).map((table) => `${table.name}: row security is not forced.`),
    ...policies
      .filter((one) => one.public)
      .map((one) => `${one.table}: the policy ${one.name} is for everybody.`),
  ];
}

function tenantKeys({ tables, keys }: Facts): string[] {
  const faults: string[] = [];
  for (const table of tables) {
    const exception = EXCEPTIONS[table.name];
    if (table.partition) continue;
    if (exception?.kind === 'locator') {
      const more = table.columns.filter((column) => !exception.columns.includes(column));
      faults.push(
        ...more.map((column) => `${table.name}: a locator holds nothing else, and this one has ${column}.`),
      );
    }
    if (exception) continue;
    if (!table.columns.includes('tenant_id')) {
      faults.push(`${table.name}: it has no tenant_id and is not among the exceptions.`);
      continue;
    }
    const own = keys.filter((key) => key.table === table.name);
    if (!own.some((key) => key.kind === 'p')) faults.push(`${table.name}: it has no primary key.`);
    faults.push(
      ...own
        .filter((key) => key.columns[0] !== 'tenant_id')
        .map((key) => `${table.name}: the key ${key.name} does not begin with tenant_id.`),
    );
  }
  return faults;
}

/** What the app role sees is decided here and nowhere else. */
function appPolicies({ tables, policies }: Facts): string[] {
  const faults: string[] = [];
  for (const { table, name, roles: of, using, check } of policies) {
    if (!of.includes('gatehouse_app')) continue;
    const exception = EXCEPTIONS[table];
    const rule = !exception
      ? TENANT_RULE
      : exception.kind === 'personal'
        ? personalRule(exception.column)
        : exception.kind === 'locator' || exception.kind === 'catalogue'
          ? 'true'
          : null;
    if (exception?.kind === 'intake' && using === null) continue;
    if (
      exception?.kind === 'intake' &&
      exception.own &&
      using === personalRule(exception.own) &&
      check === null
    )
      continue;
    if (rule === null) faults.push(`${table}: the policy ${name} opens it to the app role.`);
    else if (
      [using, check].some((one) => one !== null && one !== rule) ||
      (using === null && check === null)
    ) {
      faults.push(`${table}: the policy ${name} is not the rule of its kind (${rule}).`);
    }
  }
  const partitions = new Set(tables.filter((table) => table.partition).map((table) => table.name));
  const opened = policies.filter(
    (one) => partitions.has(one.table) && one.roles.some((role) => role !== OWNER),
  );
  return [
    ...faults,
    ...opened.map(
      (one) => `${one.table}: the policy ${one.name} opens a partition; rows are reached through the parent.`,
    ),
  ];
}

function privileges({ grants, owned }: Facts): string[] {
  const granted = grants.flatMap(({ object, kind, grantee, privilege, partition }) => {
    if (grantee === OWNER) return [];
    const what = `${object}: ${privilege} is granted to ${grantee || 'everybody'}`;
    if (!ROLES.includes(grantee)) return [`${what}, who is none of our roles.`];
    if (partition) return [`${what}; a partition is reached through its parent.`];
    if (EXCEPTIONS[object]?.kind === 'catalogue' && grantee === 'gatehouse_app' && privilege !== 'SELECT')
      return [`${what}; a catalogue is changed by operators only.`];
    if (kind === 'table' && !PRIVILEGES.includes(privilege))
      return [`${what}; row security does not bind it.`];
    return [];
  });
  return [
    ...granted,
    ...owned
      .filter((one) => one.owner !== OWNER)
      .map((one) => `${one.object}: it belongs to ${one.owner}, not to ${OWNER}.`),
  ];
}

const foreignKeys = ({ keys }: Facts): string[] =>
  keys
    .filter((key) => key.to !== null && key.to.split('.')[0] !== key.table.split('.')[0])
    .map((key) => `${key.table}: the foreign key ${key.name} crosses into another schema, to ${key.to}.`);

function functionsAndViews({ functions, views }: Facts): string[] {
  return [
    ...functions
      .filter((one) => one.definer && !one.path)
      .map((one) => `${one.name}: it runs as its owner without a search_path of its own.`),
    ...functions.filter((one) => one.open).map((one) => `${one.name}: everybody may call it.`),
    // A view reads as its owner, whom every table's policy lets see all tenants.
    ...views
      .filter((one) => one.kind === 'm' || !one.invoker)
      .map((one) => `${one.name}: a view must be security_invoker, and a materialized one cannot.`),
  ];
}

function roles({ roles: all }: Facts): string[] {
  return all.flatMap(({ name, powers, member }) => [
    ...powers.map((power) => `${name}: the role has ${power}.`),
    ...member
      .filter((other) => !(name === 'gatehouse_migrator' && other === OWNER))
      .map((other) => `${name}: the role is a member of ${other}.`),
  ]);
}

const OURS = `n.nspname !~ '^(pg_|information_schema$|public$)'`;
const LIST = (sql: string) => `coalesce((select json_agg(x) from (${sql}) x), '[]')`;
const COLUMNS = (relation: string, numbers: string) =>
  `(select json_agg(a.attname order by i) from unnest(${numbers}) with ordinality u(num, i)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = u.num)`;

const FACTS = `select json_build_object(
  'tables', ${LIST(`
    select n.nspname || '.' || c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
      c.relispartition as partition,
      (select json_agg(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and ${OURS} order by 1`)},
  'keys', ${LIST(`
    select n.nspname || '.' || c.relname as table, k.conname as name, k.contype as kind, ${COLUMNS('k.conrelid', 'k.conkey')} as columns,
      case when k.contype = 'f' then (select fn.nspname || '.' || fc.relname from pg_class fc
        join pg_namespace fn on fn.oid = fc.relnamespace where fc.oid = k.confrelid) end as "to"
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype in ('p', 'u', 'f') and ${OURS}
    union all
    select n.nspname || '.' || c.relname, i.indexrelid::regclass::text, 'i', ${COLUMNS('i.indrelid', 'i.indkey')}, null
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where i.indisunique and ${OURS} and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`)},
  'policies', ${LIST(`
    select n.nspname || '.' || c.relname as table, p.polname as name, 0::oid = any (p.polroles) as public,
      array(select rolname::text from pg_roles r where r.oid = any (p.polroles)) as roles,
      pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where ${OURS}`)},
  'grants', ${LIST(`
    select n.nspname || '.' || c.relname as object, 'table' as kind, coalesce(r.rolname, '') as grantee, g.privilege_type as privilege,
      c.relispartition as partition
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join aclexplode(c.relacl) g left join pg_roles r on r.oid = g.grantee
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${OURS}
    union all
    select n.nspname || '.' || c.relname || '.' || a.attname, 'table', coalesce(r.rolname, ''), g.privilege_type, c.relispartition
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    cross join aclexplode(a.attacl) g left join pg_roles r on r.oid = g.grantee where ${OURS}
    union all
    select n.nspname, 'schema', coalesce(r.rolname, ''), g.privilege_type, false
    from pg_namespace n cross join aclexplode(n.nspacl) g left join pg_roles r on r.oid = g.grantee where ${OURS}`)},
  'views', ${LIST(`
    select n.nspname || '.' || c.relname as name, c.relkind as kind,
      coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false) as invoker
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${OURS}`)},
  'functions', ${LIST(`
    select f.oid::regprocedure::text as name, f.prosecdef as definer,
      exists (select from unnest(f.proconfig) s where s like 'search_path=%') as path,
      f.proacl is null or exists (select from aclexplode(f.proacl) g where g.grantee = 0) as open
    from pg_proc f join pg_namespace n on n.oid = f.pronamespace where ${OURS}`)},
  'owned', ${LIST(`
    select n.nspname || '.' || c.relname as object, pg_get_userbyid(c.relowner) as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind <> 't' and ${OURS}
    union all select n.nspname, pg_get_userbyid(n.nspowner) from pg_namespace n where ${OURS}
    union all select f.oid::regprocedure::text, pg_get_userbyid(f.proowner)
    from pg_proc f join pg_namespace n on n.oid = f.pronamespace where ${OURS}`)},
  'roles', ${LIST(`
    select r.rolname as name, array_remove(array[case when rolsuper then 'SUPERUSER' end, case when rolbypassrls then 'BYPASSRLS' end,
      case when rolcreaterole then 'CREATEROLE' end, case when rolcreatedb then 'CREATEDB' end,
      case when rolreplication then 'REPLICATION' end], null) as powers,
      array(select o.rolname::text from pg_auth_members m join pg_roles o on o.oid = m.roleid where m.member = r.oid) as member
    from pg_roles r where r.rolname = any (array['${ROLES.join("','")}'])`)},
  'strays', coalesce((select json_agg('public.' || c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname <> 'migrations'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')), '[]')
) as facts`;
