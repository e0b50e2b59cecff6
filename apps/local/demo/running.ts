import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Refusal } from '../refusal.js';

const Running = z.object({
  api: z.object({ url: z.url() }),
  firebase_auth: z.object({ url: z.url() }),
  /** null: mail goes to a server of the caller's own, where nobody here can read it. */
  mail: z.object({ url: z.url().nullable() }),
  stripe: z.object({ webhook_secret: z.string().min(1) }),
});

/** What the demo needs to know of a running Gatehouse. */
export type Running = z.output<typeof Running>;

/** Reads runtime.json. Throws a Refusal when nothing runs, or not with the emulator, which signs anybody in. */
export function readRunning(file: string): Running {
  if (!existsSync(file)) {
    throw new Refusal(
      'Nothing runs from this clone that a demo could be played on: run npm start in another terminal, ' +
        'wait for its line "Gatehouse is ready", then npm run demo here.',
    );
  }
  const running = parse(file);
  if (new URL(running.firebase_auth.url).protocol === 'https:') {
    throw new Refusal(
      'The demo makes people up, and a real Firebase project signs in real ones: run npm start without FIREBASE_PROJECT_ID.',
    );
  }
  return running;
}

function parse(file: string): Running {
  try {
    return Running.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Refusal(`${file} does not say what runs where:\n${why}\nStop npm start and run it again.`);
  }
}
