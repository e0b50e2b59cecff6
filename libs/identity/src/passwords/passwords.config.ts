import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { configOf, type Environment, key32, secret, type Setting, setting, whole } from '#platform';

/**
 * The weakest argon2id parameters that pass, each as strong as the others: memory in KiB, passes (OWASP Password
 * Storage Cheat Sheet, 2025).
 */
const FLOOR: readonly (readonly [memoryKib: number, passes: number])[] = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
];

/**
 * What is hashed with unless something else is set, above that floor: libsodium's INTERACTIVE (64 MiB, two passes), the
 * memory of RFC 9106's second recommended option.
 */
const DEFAULT_MEMORY_KIB = 65_536;
const DEFAULT_PASSES = 2;

/** Whether argon2id with these parameters is at least as strong as OWASP asks. */
export const isStrongEnough = (memoryKib: number, passes: number): boolean =>
  FLOOR.some(([memory, times]) => memoryKib >= memory && passes >= times);

/** `id:key` pairs, the first seals. An old one stays for those who have not signed in since it was replaced. */
const passwordKeys = () =>
  z.string().transform((text, context) => {
    const keys = new Map<number, Buffer>();
    for (const pair of text.split(',')) {
      const match = /^(\d{1,5}):([A-Za-z0-9+/=]{43,44})$/.exec(pair.trim());
      const key = match ? key32().safeParse(match[2]) : undefined;
      const id = Number(match?.[1]);
      if (!key?.success || id > 65_535 || keys.has(id)) {
        context.addIssue(
          'must be pairs like 1:BASE64 with 32 random bytes and ids of their own, separated by commas',
        );
        return z.NEVER;
      }
      keys.set(id, key.data);
    }
    return keys as ReadonlyMap<number, Buffer>;
  });

const CONCURRENCY = setting(
  'AUTH_HASH_CONCURRENCY',
  whole(1, 256).optional(),
  'Hashes that one process computes at a time; unless set, all cores but one, and all threads of the pool but one.',
);
const POOL = setting(
  'UV_THREADPOOL_SIZE',
  whole(1, 1_024).default(4),
  'Threads of the pool that hashes, names (DNS) and files share; read by Node.js, which has 4 unless this is set.',
);

/** How passwords are hashed and kept. */
export class PasswordsConfig extends configOf(
  'passwords',
  {
    keys: secret(
      'AUTH_PASSWORD_KEYS',
      passwordKeys(),
      'The pepper: encrypt the hashes of passwords, as id:BASE64 pairs, newest first; hashes move to the newest at login.',
    ),
    memoryKib: setting(
      'AUTH_ARGON2_MEMORY_KIB',
      whole(7_168, 4_194_304).default(DEFAULT_MEMORY_KIB),
      'Memory of one argon2id hash in KiB; `gatehouse-admin passwords calibrate` measures what suits a machine.',
    ),
    passes: setting(
      'AUTH_ARGON2_PASSES',
      whole(1, 100).default(DEFAULT_PASSES),
      'Passes of one argon2id hash.',
    ),
    lanes: setting('AUTH_ARGON2_LANES', whole(1, 64).default(1), 'Lanes (parallelism) of one argon2id hash.'),
    concurrency: CONCURRENCY,
    pool: POOL,
    queue: setting(
      'AUTH_HASH_QUEUE',
      whole(0, 10_000).default(64),
      'Hashes that wait in one process; further ones are refused with 503 BUSY.',
    ),
    importedPepper: secret(
      'AUTH_IMPORTED_BCRYPT_PEPPER',
      z.string().min(1).max(200).optional(),
      'What the source of imported bcrypt hashes appended to each password, if it did.',
    ),
  },
  (values) =>
    isStrongEnough(values.memoryKib, values.passes)
      ? []
      : [
          'AUTH_ARGON2_MEMORY_KIB and AUTH_ARGON2_PASSES: together they are weaker than OWASP asks (19456 and 2, or as strong).',
        ],
) {}

/**
 * Hashes at a time. One core is left to everything else, and one thread of libuv's pool, where argon2id runs: or every
 * lookup of a name would wait behind the hashes. More than the pool has never run at a time, whatever is set.
 */
export function concurrencyOf(
  { concurrency, pool }: Pick<PasswordsConfig, 'concurrency' | 'pool'>,
  cores = availableParallelism(),
): number {
  return Math.min(concurrency ?? Math.max(1, Math.min(cores, pool) - 1), pool);
}

/** The same for a command that measures a machine, where no other setting is there yet. */
export function concurrencyIn(environment: Environment): number {
  const valueOf = <S extends Setting>({ name, schema }: S) =>
    schema.parse(environment.get(name) || undefined) as z.output<S['schema']>;
  return concurrencyOf({ concurrency: valueOf(CONCURRENCY), pool: valueOf(POOL) });
}
