import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sdk from '#sdk';

let project: string;
let installed: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'gatehouse-sdk-package-'));
  installed = join(project, 'node_modules', 'gatehouse-client');
  mkdirSync(installed, { recursive: true });
  execFileSync(process.execPath, [join('libs', 'sdk', 'pack.mjs'), installed], { stdio: 'pipe' });
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const inProject = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: 'pipe' });
const namesIn = (...conditions: string[]) => {
  const source = `console.log(JSON.stringify(Object.keys(await import('gatehouse-client'))))`;
  const args = [...conditions.flatMap((one) => ['-C', one]), '--input-type=module', '--eval', source];
  return JSON.parse(inProject(...args)) as string[];
};

describe('the published client', () => {
  it('has what this repository has, with types and without a dependency', () => {
    expect(namesIn().sort()).toEqual(Object.keys(sdk).sort());
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('dependencies');
    expect(readFileSync(join(installed, 'dist', 'node', 'license-client.d.ts'), 'utf8')).toContain(
      'export declare class LicenseClient',
    );
  });

  it('has a build for browsers: the same client, and no files', () => {
    const names = namesIn('browser');
    expect(names).toEqual(
      expect.arrayContaining(['LicenseClient', 'GatehouseApi', 'leaseState', 'platformCrypto']),
    );
    expect(names).not.toContain('authFile');
  });

  it('has the program', () => {
    expect(inProject(join(installed, 'dist', 'cli', 'main.js'), 'help')).toContain('gatehouse run');
  });
});
