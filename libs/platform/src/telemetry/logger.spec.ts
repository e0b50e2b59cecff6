import { spawnSync } from 'node:child_process';
import { describeError } from './logger.js';

/** Runs a line of code with the built log of a process of its own, and gives what it wrote. */
function written(code: string): Record<string, unknown>[] {
  const program = `import { createLog } from '#platform'; const log = createLog({ process: 'test', level: 'info' }); ${code}; log.flush();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('is one JSON object a line, with level, time and process', () => {
    const [line] = written(`log.info({ trace_id: 'abc' }, 'request')`);
    expect(line).toMatchObject({ level: 'info', process: 'test', trace_id: 'abc', msg: 'request' });
    expect(Date.parse(String(line?.time))).not.toBeNaN();
  });

  it('masks secrets, at the top and one level below', () => {
    const lines = written(
      `log.info({ license_key: 'GH-SECRET', body: { refresh_token: 'rft_SECRET', password: 'pw-SECRET' }, authorization: 'Bearer SECRET' }, 'x')`,
    );
    expect(JSON.stringify(lines)).not.toContain('SECRET');
    expect(lines[0]).toMatchObject({ license_key: '[masked]', authorization: '[masked]' });
  });

  it('tells an error by its type', () => {
    expect(describeError(new TypeError('broken'))).toMatchObject({ type: 'TypeError', message: 'broken' });
    expect(describeError('text')).toEqual({ type: 'string', message: 'text' });
  });
});
