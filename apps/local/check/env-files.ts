import { root } from '../paths.js';
import { git } from './git.js';
import { failed, passed, type Step } from './step.js';

const ALLOWED = '.env.example';

/** Files of settings stay on the machine they belong to. */
export const envFiles: Step = {
  name: 'env files',
  async run() {
    const faults = await trackedEnvFiles(root);
    return faults.length === 0 ? passed() : failed(faults.join('\n'));
  },
};

/** A sentence for each file of settings that git knows or would take. */
export async function trackedEnvFiles(repository: string): Promise<string[]> {
  const tracked = (await git(repository, ['ls-files', '-z'])).toString('utf8').split('\0').filter(isEnvFile);
  const added = ['log', '--all', '-m', '--diff-filter=A', '--name-only', '--format=', '-z'];
  const committed = (await git(repository, added)).toString('utf8').split('\0').filter(isEnvFile);
  const names = ['.env', '.env.local', '.env.production', 'apps/api/.env'];
  const ignored = await git(repository, ['check-ignore', '--no-index', ...names]).catch(() =>
    Buffer.from(''),
  );
  const open = names.filter((name) => !ignored.toString('utf8').split('\n').includes(name));
  return [
    ...tracked.map(
      (path) => `${path} is tracked: take it out with git rm --cached, and change what was secret in it.`,
    ),
    ...new Set(
      committed
        .filter((path) => !tracked.includes(path))
        .map((path) => `${path} is in the history: change what was secret in it, and rewrite the history.`),
    ),
    ...open.map((path) => `${path} is not ignored: add .env and .env.* to .gitignore.`),
  ];
}

function isEnvFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (name === '.env' || name.startsWith('.env.')) && name !== ALLOWED;
}
