import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { authFile } from '#sdk';
import { beating, isFree, keyOf } from '../support/customer.js';
import { eventually } from '../support/eventually.js';
import { apiOutage, journeyProduct } from '../support/journey.js';
import { machine, type Program, startProgram, stateOf } from '../support/machine.js';
import { signUp, succeed } from '../support/person.js';

const HOME = join(process.cwd(), 'libs', 'sdk', 'python');

/** The program of a customer, in steps that it is told on its standard input. */
const PROGRAM = `
import json, logging, sys
from gatehouse import GatehouseError, LicenseClient
logging.basicConfig(format="%(name)s %(levelname)s %(message)s", stream=sys.stdout, level=logging.INFO)
settings = json.loads(sys.argv[1])
client = LicenseClient(settings.pop("url"), on_seat_lost=lambda error: print("lost", error.code, flush=True), **settings)
try:
    client.startup()
except GatehouseError as error:
    print("refused", error.status, error.code, flush=True)
    sys.exit(3)
print("held", client.session_id is not None, client.lease is not None, flush=True)
for line in sys.stdin:
    if line.strip() == "beat":
        print("beaten", client.heartbeat()["seats"], flush=True)
    if line.strip() == "end":
        break
client.shutdown()
print("released", client.session_id is None, flush=True)
`;

const product = journeyProduct();
const server = apiOutage(product);
let url: string;
const running: Program[] = [];

beforeAll(() => {
  const python = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  if (python.status !== 0)
    throw new Error(
      'The Python client is tested with python3, which is not on the PATH: sudo apt-get install python3-minimal',
    );
  url = product.api.url;
});

afterEach(async () => {
  for (const one of running.splice(0)) {
    one.child.kill('SIGKILL');
    await one.ended;
  }
});

function python(settings: { hardware_id: string; license_key?: string; state_dir?: string }): Program {
  const given = { url, max_interval: 1, timeout: 20, state_dir: stateOf(settings.hardware_id), ...settings };
  const program = startProgram('python3', ['-B', '-c', PROGRAM, JSON.stringify(given)], {
    PYTHONPATH: HOME,
    HOME: given.state_dir,
  });
  running.push(program);
  return program;
}

const tell = (program: Program, line: string) => program.child.stdin?.write(`${line}\n`);

describe('the Python client', () => {
  it('passes its own tests', () => {
    const run = spawnSync('python3', ['-B', '-m', 'unittest', 'discover', HOME], { encoding: 'utf8' });
    expect(run.stderr).toMatch(/^Ran \d+ tests/m);
    expect(run.status).toBe(0);
  });

  it('holds a seat by key, keeps it, and gives it back (S1-55)', async () => {
    const owner = await beating(url);
    const state_dir = stateOf('ada');
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner), state_dir });
    await ada.said('held True True');
    expect(await isFree(url, owner)).toBe(false);
    tell(ada, 'beat');
    await ada.said(`beaten {'used': 1, 'max': 1}`);
    for (const name of readdirSync(state_dir))
      expect(statSync(join(state_dir, name)).mode & 0o777).toBe(0o600);
    tell(ada, 'end');
    await ada.said('released True');
    expect(await ada.ended).toEqual([0, null]);
    expect(await isFree(url, owner)).toBe(true);
  });

  it('is refused the seat of another, with an error of its own', async () => {
    const owner = await signUp(url);
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner) });
    await ada.said('held True');
    const eve = python({ hardware_id: 'eve', license_key: keyOf(owner) });
    await eve.said('refused 409 SEATS_EXHAUSTED');
    expect(await eve.ended).toEqual([3, null]);
  });

  it('gives its seat back when it is ended by SIGTERM, and dies of it', async () => {
    const owner = await signUp(url);
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner) });
    await ada.said('held True');
    ada.child.kill('SIGTERM');
    expect(await ada.ended).toEqual([null, 'SIGTERM']);
    expect(await isFree(url, owner)).toBe(true);
  });

  it('runs for whoever is signed in, refreshes an expired token, and leaves it to the other clients (S1-58)', async () => {
    const owner = await signUp(url);
    const state_dir = stateOf('ada');
    const { email } = owner.user;
    await authFile(state_dir).write({
      accessToken: owner.access_token,
      refreshToken: owner.refresh_token,
      expiresAt: Date.now() - 1000,
      user: { email, tenantId: owner.tenant.id, plan: owner.tenant.plan },
    });
    const ada = python({ hardware_id: 'ada', state_dir });
    await ada.said('held True');
    const kept = await authFile(state_dir).read();
    expect(kept?.refreshToken).not.toBe(owner.refresh_token);
    expect(kept?.expiresAt).toBeGreaterThan(Date.now());
    const node = machine('ada', { url, directory: state_dir });
    expect((await node.api.me()).user.email).toBe(email);
    expect(JSON.parse(readFileSync(join(state_dir, 'auth.json'), 'utf8'))).toMatchObject({ user: { email } });
  });

  it('shares its machine’s seat with the other clients, and the last one gives it back', async () => {
    const owner = await signUp(url);
    const state_dir = stateOf('ada');
    const node = machine('ada', { url, licenseKey: keyOf(owner), directory: state_dir });
    await node.start();
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner), state_dir });
    await ada.said('held True');
    await node.close();
    expect(await isFree(url, owner)).toBe(false);
    tell(ada, 'end');
    await ada.ended;
    expect(await isFree(url, owner)).toBe(true);
  });

  it('goes on while the server is away, and beats again once it is back (S1-45)', async () => {
    const owner = await beating(url);
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner) });
    await ada.said('held True');
    await server.stop();
    try {
      await ada.said('gatehouse WARNING A heartbeat failed; going on.');
      expect(ada.child.exitCode).toBeNull();
    } finally {
      await server.restart();
    }
    await ada.said('gatehouse INFO The licence server answers again.');
    tell(ada, 'end');
    await ada.said('released True');
  });

  it('says that its seat was taken, and goes on', async () => {
    const owner = await beating(url);
    const ada = python({ hardware_id: 'ada', license_key: keyOf(owner) });
    await ada.said('held True');
    const seats = await succeed<{ data: { id: string }[] }>(
      `${url}/api/v1/licenses/${owner.license.id}/seats`,
      {
        bearer: owner.access_token,
      },
    );
    await succeed(`${url}/api/v1/licenses/${owner.license.id}/seats/${seats.data[0]?.id}`, {
      method: 'DELETE',
      bearer: owner.access_token,
    });
    await ada.said('lost SEAT_GONE');
    // It asks for another at once, and there is one.
    await eventually(async () => expect(await isFree(url, owner)).toBe(false));
    expect(ada.child.exitCode).toBeNull();
  });
});
