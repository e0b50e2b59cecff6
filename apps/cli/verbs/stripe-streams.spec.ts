import { settleSecret, SNAPSHOTS, tellSecret, THIN } from './stripe-streams.js';

const URL = 'https://gatehouse.acme.example/api/v1/billing/webhooks/stripe';
const SECRET = `whsec_${'x'.repeat(24)}`;
const NOWHERE = '/no/such/place/whsec';

function saidBy(work: () => void): { said: string; error: unknown } {
  const { write } = process.stdout;
  let said = '';
  process.stdout.write = ((text: string) => {
    said += text;
    return true;
  }) as typeof write;
  try {
    work();
    return { said, error: null };
  } catch (error) {
    return { said, error };
  } finally {
    process.stdout.write = write;
  }
}

describe('a signing secret that could not be kept', () => {
  it.each([
    ['we_1', SNAPSHOTS, 'add', tellSecret],
    ['ed_1', THIN, 'add --thin', tellSecret],
    ['ed_1', THIN, 'add --thin', settleSecret],
  ] as const)('of %s is of no use: what is made in its place comes first', (id, stream, add, keep) => {
    const { said, error } = saidBy(() => keep(stream, { id, secret: SECRET }, URL, NOWHERE));
    expect(String(error)).toContain(NOWHERE);
    expect(said).not.toContain(SECRET);
    expect(said.split('\n').map((line) => line.trim())).toEqual([
      `Nobody has the secret of ${id}. Make another, then take this one away:`,
      `gatehouse-admin stripe webhooks ${add} --secret-to <file> --reason <why>`,
      `gatehouse-admin stripe webhooks remove ${id} --reason <why>`,
      '',
    ]);
  });
});
