import { Injectable } from '@nestjs/common';
import type { App } from 'firebase-admin/app';
import type { Auth } from 'firebase-admin/auth';
import { FirebaseConfig } from '../identity.config.js';

/** firebase-admin waits 25 s and tries five times; whoever waits here has gone by then. */
const PATIENCE_MS = 10_000;

/** Firebase has not answered in time. */
class FirebaseSilent extends Error {
  override readonly name = 'FirebaseSilent';
}

/** The connection to Firebase Auth, or Google Identity Platform. */
@Injectable()
export class FirebaseApp {
  private opened?: Promise<{ app: App; auth: Auth }>;

  constructor(private readonly config: FirebaseConfig) {}

  /** `firebase:<project>`; null where none is configured. */
  get issuer(): string | null {
    return this.config.projectId ? `firebase:${this.config.projectId}` : null;
  }

  /** Asks Firebase; throws what firebase-admin throws, and FirebaseSilent after ten seconds. */
  async ask<T>(question: (auth: Auth) => Promise<T>): Promise<T> {
    const { auth } = await this.open();
    return withinPatience(question(auth));
  }

  /** Tells Firebase, and waits as long as firebase-admin does: a write that was given up could still come true later. */
  async tell(word: (auth: Auth) => Promise<void>): Promise<void> {
    const { auth } = await this.open();
    await word(auth);
  }

  /** Passes when Google takes our credentials; the emulator asks for none. */
  async checkCredentials(): Promise<void> {
    if (this.config.emulatorHost) return;
    const { app } = await this.open();
    const { credential } = app.options;
    if (credential) await withinPatience(credential.getAccessToken());
  }

  /** Loaded at the first use: importing it costs more than the rest of the start. */
  private open(): Promise<{ app: App; auth: Auth }> {
    this.opened ??= this.connect();
    return this.opened;
  }

  private async connect(): Promise<{ app: App; auth: Auth }> {
    const { projectId, credentials, emulatorHost } = this.config;
    if (!projectId) throw new Error('No Firebase project is configured.');
    const [{ applicationDefault, cert, initializeApp }, { getAuth }] = await Promise.all([
      import('firebase-admin/app'),
      import('firebase-admin/auth'),
    ]);
    const credential = credentials ? cert(credentials) : applicationDefault();
    const app = initializeApp({ projectId, ...(emulatorHost ? {} : { credential }) }, 'gatehouse');
    return { app, auth: getAuth(app) };
  }
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FirebaseSilent('Firebase did not answer.')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
