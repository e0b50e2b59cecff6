import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { forget, watch } from '../processes/guard.js';
import { root } from '../paths.js';

export interface Outcome {
  ok: boolean;
  /** What to read when it failed; a remark of one line otherwise. */
  text: string;
}

export interface Step {
  name: string;
  run(): Promise<Outcome>;
}

export const passed = (text = ''): Outcome => ({ ok: true, text });
export const failed = (text: string): Outcome => ({ ok: false, text });

/** A tool of node_modules/.bin, run on our own Node; it passes when it exits with 0. */
export function tool(name: string, bin: string, args: string[]): Step {
  return {
    name,
    async run() {
      const { code, output } = await execute(process.execPath, [join('node_modules', '.bin', bin), ...args]);
      return code === 0 ? passed() : failed(output || `${bin} ended with ${code} and said nothing.`);
    },
  };
}

/** Runs a program in the clone and collects what it prints. */
export async function execute(
  command: string,
  args: string[],
): Promise<{ code: number | null; output: string; stdout: string }> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid) watch(child.pid, 'SIGTERM');
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (child.pid) forget(child.pid);
  return { code, output: output.trimEnd(), stdout };
}
