import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
});
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

  it('draws the QR code of a sign-in, without a package', () => {
    const draw = `const { qrCode } = await import(${JSON.stringify(join(installed, 'dist', 'cli', 'qr-code.js'))});
      console.log(await qrCode('https://licences.example/device', 80));`;
    expect(inProject('--input-type=module', '--eval', draw)).toContain('█▀▀▀▀▀█');
    expect(readFileSync(join(installed, 'dist', 'vendor', 'qrcode', 'LICENSE'), 'utf8')).toMatch(/MIT/);
    expect(existsSync(join(installed, 'node_modules'))).toBe(false);
  });

  it('compiles in the program of somebody who is strict', () => {
    const source = join(project, 'consumer.mts');
    writeFileSync(source, CONSUMER);
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    const roots = ['--typeRoots', join(process.cwd(), 'node_modules', '@types'), '--skipLibCheck'];
    const tsc = join(process.cwd(), 'node_modules', 'typescript', 'bin', 'tsc');
    expect(inProject(tsc, ...options, '--exactOptionalPropertyTypes', ...roots, source)).toBe('');
  });
});

/** What a program does with organisations and the ways in. */
const CONSUMER = `
import { AuthClient, isRefusal, type Member, MfaRequired, saveExport, type TenantExport } from 'gatehouse-client';

const auth = new AuthClient({ url: 'https://licences.example', application: 'acme' });
await auth.register({ email: 'ada@acme.example', password: 'x', invitationToken: 'inv_1' });
await auth.signInWithBrowser({ open: (url: string) => console.log(url), signal: AbortSignal.timeout(1) });
await auth.signInWithDevice({ onCode: ({ userCode, verificationUriComplete }) => console.log(userCode, verificationUriComplete) });
const { tenancy } = auth.api;
const people: Member[] = [];
for await (const member of tenancy.members()) people.push(member);
for await (const { id, slug, role } of tenancy.tenants()) console.log(id, slug, role);
await tenancy.updateSettings({ allowedDomains: ['acme.example'], secondFactorRequired: true });
await tenancy.invite({ email: 'bob@acme.example', role: 'developer' });
try {
  await auth.switchTenant('ten_2');
} catch (error) {
  if (error instanceof MfaRequired) await auth.answerChallenge({ mfaToken: error.mfaToken, code: '123456' });
  else if (isRefusal(error, 'NOT_FOUND', 'access_denied')) console.log(error.code);
}
const { id } = await tenancy.exports.start();
const done: TenantExport = await tenancy.exports.finished(id, { onProgress: ({ progress }) => console.log(progress.done) });
const size: number = await saveExport(tenancy.exports, done.id, 'acme.jsonl.gz');
console.log(size, (await tenancy.tenant()).deletion?.deletesAt);
`;
