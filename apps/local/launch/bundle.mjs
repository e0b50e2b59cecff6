import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['api', 'worker', 'cli'];

/** What is not put in: native code, what is loaded late and seldom, and what others would load if it were installed. */
const LEFT_OUT = [
  '@node-rs/*',
  'firebase-admin',
  'firebase-admin/*',
  'stripe',
  'swagger-ui-dist',
  // Nest asks for them by name, and does without.
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices*',
  '@nestjs/platform-express',
  '@nestjs/websockets*',
  'class-transformer',
  'class-validator',
  // Drivers of TypeORM and of pg that we do not use.
  '@google-cloud/spanner',
  '@sap/*',
  'better-sqlite3',
  'dotenv',
  'expo-sqlite',
  'hdb-pool',
  'mongodb',
  'mssql',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-native',
  'react-native-sqlite-storage',
  'redis',
  'sql.js',
  'sqlite3',
  'typeorm-aurora-data-api-driver',
];

/** CommonJS among what is put in asks for these. */
const COMMON_JS = [
  `import { createRequire as gatehouseRequire } from 'node:module';`,
  `const require = gatehouseRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`,
].join('\n');

/**
 * Puts each program and what it imports into its one file: Node spends a second of processor on finding and reading three
 * thousand, at every start and every command (docs/decisions/launcher.md). `built` is the directory of the build, which
 * will be `dist` of `root`.
 */
export async function bundle(root, built) {
  // Not before it is installed: the launcher is loaded on a fresh clone.
  const { build, stop } = await import('esbuild');
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  try {
    await Promise.all(
      PROGRAMS.map((program) => {
        const file = join(built, 'apps', program, 'main.js');
        return build({
          entryPoints: [file],
          outfile: file,
          allowOverwrite: true,
          bundle: true,
          platform: 'node',
          format: 'esm',
          target: 'node24',
          external: LEFT_OUT,
          // Nest and TypeORM go by the names of classes.
          keepNames: true,
          sourcemap: 'linked',
          sourcesContent: false,
          legalComments: 'none',
          banner: { js: COMMON_JS },
          plugins: [frontDoors(built, imports), ownPlaces(dirname(file))],
          logLevel: 'silent',
        });
      }),
    );
  } finally {
    // Its own process would stay, with all it has read.
    await stop();
  }
}

/** `#platform` and the others, as package.json has them, but of this build and not of the last. */
const frontDoors = (built, imports) => ({
  name: 'front-doors',
  setup({ onResolve }) {
    onResolve({ filter: /^#/ }, ({ path }) => ({
      path: join(built, relative('./dist', imports[path].default)),
    }));
  },
});

/** Whoever looks beside itself (a script of Redis, a thread) looks where it was built, from where it is now. */
const ownPlaces = (from) => ({
  name: 'own-places',
  setup({ onLoad, initialOptions }) {
    const own = dirname(dirname(dirname(initialOptions.outfile)));
    // Each that fits is asked about across processes: not the three thousand of others.
    onLoad({ filter: /\/(?:apps|libs|migrations)\/.*\.js$/ }, ({ path }) => {
      if (!path.startsWith(own)) return undefined;
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const place = `new URL(${JSON.stringify(`./${relative(from, path)}`)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
});

// After `nest build`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(import.meta.dirname, '..', '..', '..');
  await bundle(root, join(root, 'dist'));
}
