/** What a test run has of the caller's environment, and which real parts it was told to use. */

/** Names a shell, npm, Node, Jest or CI needs. Everything else, the product's settings first, stays outside. */
const KEPT = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TERM|COLORTERM|TZ|CI|GITHUB_ACTIONS|NO_COLOR|FORCE_COLOR|COLUMNS|LINES|BROWSER_PATH)$/,
  /^(LC_|XDG_|npm_|JEST_|FC_|DRILL_|GATEHOUSE_)/,
  /^NODE_(OPTIONS|EXTRA_CA_CERTS|V8_COVERAGE|COMPILE_CACHE)$/,
  /^(LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|SSL_CERT_FILE|SSL_CERT_DIR)$/,
  /^(SystemRoot|windir|APPDATA|LOCALAPPDATA|USERPROFILE|PATHEXT|ComSpec)$/i,
];

export interface ExternalParts {
  postgresAdminUrl?: string;
  redisUrl?: string;
  firebaseUrl?: string;
}

export interface TestParts {
  postgresAdminUrl: string;
  redisUrl: string;
  redisServer: string;
  firebaseUrl: string;
  smtpUrl: string;
  mailUrl: string;
  /** The run's own directory: for temporary files, removed afterwards. */
  directory: string;
}

/** Real parts of the caller's, used only when asked for: by `--use-external` or GATEHOUSE_TEST_EXTERNAL=1. */
export function externalParts(caller: NodeJS.ProcessEnv, args: string[]): ExternalParts {
  if (!args.includes('--use-external') && caller.GATEHOUSE_TEST_EXTERNAL !== '1') return {};
  const host = caller.FIREBASE_AUTH_EMULATOR_HOST;
  return {
    postgresAdminUrl: caller.DATABASE_ADMIN_URL || caller.DATABASE_URL || undefined,
    redisUrl: caller.REDIS_URL || undefined,
    firebaseUrl: host ? `http://${host}` : undefined,
  };
}

/** Jest's environment: none of the caller's product settings, and where the parts are. */
export function testEnvironment(caller: NodeJS.ProcessEnv, parts: TestParts): NodeJS.ProcessEnv {
  const kept = Object.entries(caller).filter(([name]) => KEPT.some((pattern) => pattern.test(name)));
  return {
    ...Object.fromEntries(kept),
    TMPDIR: parts.directory,
    GATEHOUSE_TEST_RUN: parts.directory,
    GATEHOUSE_TEST_POSTGRES_ADMIN_URL: parts.postgresAdminUrl,
    GATEHOUSE_TEST_REDIS_URL: parts.redisUrl,
    GATEHOUSE_TEST_REDIS_SERVER: parts.redisServer,
    GATEHOUSE_TEST_FIREBASE_URL: parts.firebaseUrl,
    GATEHOUSE_TEST_SMTP_URL: parts.smtpUrl,
    GATEHOUSE_TEST_MAIL_URL: parts.mailUrl,
  };
}
