import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { INHERITED } from './environment.js';
import { type Command, commandsOf, isAsWritten } from './readme.js';

/** Between what two commands print; no command prints it. */
const MARK = '\u001e';

/** Then something in it waits for what will not come. The test of a page has a minute more. */
const SHELL_MS = 240_000;

/** A page of commands, run as they are written, in a directory like an operator's. */
export class Runbook {
  readonly place = mkdtempSync(join(tmpdir(), 'gatehouse-runbook-'));

  /** `apiUrl`: where the page's example.com is. */
  constructor(
    private readonly page: string,
    private readonly apiUrl: () => string,
  ) {
    for (const name of ['dist', 'node_modules', 'package.json', 'plans.yaml', 'test'])
      symlinkSync(join(process.cwd(), name), join(this.place, name));
    writeFileSync(join(this.place, 'secrets.env'), '');
  }

  /** Its commands, divided where one of `stops` stands; each part begins with the first command of all. */
  parts(...stops: readonly string[]): Command[][] {
    const all = readFileSync(this.page, 'utf8');
    const [opening, ...rest] = commandsOf(this.page) as [Command, ...Command[]];
    const lines = stops.map((stop) => all.split(stop)[0]!.split('\n').length);
    return [0, ...lines].map((from, at) => [
      opening,
      ...rest.filter((one) => one.line > from && one.line < (lines[at] ?? Infinity)),
    ]);
  }

  settings(values: Readonly<Record<string, string>>): void {
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    this.write('gatehouse.env', lines.join(''));
  }

  read = (name: string): string => readFileSync(join(this.place, name), 'utf8');

  write(name: string, content: string): void {
    writeFileSync(join(this.place, name), content, { mode: 0o600 });
  }

  /** One shell for these; each prints what the page says. */
  async prints(commands: readonly Command[]): Promise<void> {
    const script = commands.map((one) => `${this.ours(one.text)}\nprintf '${MARK}'\n`).join('');
    const path = `${dirname(process.execPath)}:${process.env.PATH}`;
    const child = spawn('sh', ['-eu'], {
      cwd: this.place,
      env: { ...INHERITED, HOME: this.place, PATH: path },
      timeout: SHELL_MS,
    });
    child.stdin.end(script);
    const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const printed = out.split(MARK);
    if (printed.length !== commands.length + 1)
      throw new Error(`The command of line ${commands[printed.length - 1]?.line} failed:\n${complaints}`);
    for (const [at, { prints: wanted }] of commands.entries())
      if (wanted !== null && !isAsWritten(wanted, printed[at]!)) expect(printed[at]).toBe(wanted);
  }

  remove(): void {
    rmSync(this.place, { recursive: true, force: true });
  }

  /** Our own API in the place of example.com's, and seconds for what takes an operator minutes. */
  private readonly ours = (written: string) =>
    written.replaceAll('https://gatehouse.example.com', this.apiUrl()).replaceAll('sleep 30', 'sleep 1');
}
