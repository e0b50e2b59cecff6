import { plain } from './terminal.js';
import { qrCode } from './qr-code.js';

/** Columns and rows of what is shown, without its colours. */
const rowsOf = (picture: string) =>
  picture.split('\n').map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, ''));

describe('a QR code in a terminal', () => {
  it('has its finder patterns, dark on light whatever the terminal’s colours', async () => {
    const picture = await qrCode('https://licences.example/device?user_code=BCDF-GHJK', 80);
    if (picture === null) throw new Error('There is none.');
    const rows = rowsOf(picture);
    expect(rows[1]).toMatch(/^ {2}█▀▀▀▀▀█ .* █▀▀▀▀▀█ {2}$/);
    expect(rows[2]).toMatch(/^ {2}█ ███ █ .* █ ███ █ {2}$/);
    for (const line of picture.split('\n')) expect(line.startsWith('\u001b[30;107m')).toBe(true);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });

  it('is left out where it does not fit', async () => {
    expect(await qrCode('https://licences.example/device?user_code=BCDF-GHJK', 30)).toBeNull();
  });
});

it('what others wrote gives a terminal no orders', () => {
  expect(plain('Acme\u001b[2J\r\n\u202eTools\u0007')).toBe('Acme [2J Tools');
});
