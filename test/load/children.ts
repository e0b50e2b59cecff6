import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a program of test/load that says when it is ready; `children` gets it, to be ended. */
export async function started(program: string, env: Record<string, string>, children: ChildProcess[]) {
  const child = fork(join(process.cwd(), 'dist', 'test', 'load', `${program}.js`), {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.push(child);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended early.`)));
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [
    { url?: string; cookie?: string },
  ];
  ended.catch(() => undefined);
  return { child, pid: child.pid ?? 0, url: message.url ?? '', cookie: message.cookie ?? '' };
}

/** Sends a child its work and waits for what it says of it. */
export async function told<Work extends object, Said>(child: ChildProcess, work: Work): Promise<Said> {
  child.send(work);
  const [said] = (await once(child, 'message')) as [Said];
  return said;
}
