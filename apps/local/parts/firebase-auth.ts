import { join } from 'node:path';
import { program } from '../paths.js';
import { startChild } from '../processes/child.js';
import type { Part } from './part.js';

export const FIREBASE_PROJECT = 'demo-gatehouse';

export interface FirebaseAuthOptions {
  /** Where its log goes and, when durable, its accounts. */
  directory: string;
  logFile?: string;
  /** Default true: accounts survive a restart. */
  durable?: boolean;
}

export interface FirebaseAuth extends Part {
  /** For FIREBASE_AUTH_EMULATOR_HOST; `url` is the same as an origin. */
  host: string;
  projectId: string;
}

/** Starts the Firebase Auth emulator on a free loopback port. */
export async function startFirebaseAuth(options: FirebaseAuthOptions): Promise<FirebaseAuth> {
  const { directory, durable = true } = options;
  const child = await startChild({
    name: 'The Firebase Auth emulator',
    command: process.execPath,
    args: [
      program('apps/local/firebase-emulator.js'),
      FIREBASE_PROJECT,
      ...(durable ? [join(directory, 'accounts.json')] : []),
    ],
    cwd: '/',
    env: {
      ...{ PATH: process.env.PATH, HOME: directory, XDG_CONFIG_HOME: directory },
      ...(process.env.BASE_URL ? { BASE_URL: process.env.BASE_URL } : {}),
    },
    logFile: options.logFile ?? join(directory, 'firebase-auth.log'),
    ready: 'message',
  });
  const url = String(child.message.url);
  return { ...child, name: 'firebase_auth', url, host: new URL(url).host, projectId: FIREBASE_PROJECT };
}
