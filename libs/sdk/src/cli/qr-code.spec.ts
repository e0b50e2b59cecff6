import qrcode from 'qrcode';
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

  it('has each module of the code, and light around it', async () => {
    const text = 'https://licences.example/device?user_code=BCDF-GHJK';
    const rows = rowsOf((await qrCode(text, 80)) ?? '');
    const drawn = rows.flatMap((row) => [
      [...row].map((one) => '▀█'.includes(one)),
      [...row].map((one) => '▄█'.includes(one)),
    ]);
    const { size, data } = qrcode.create(text, { errorCorrectionLevel: 'L' }).modules;
    const isDark = (x: number, y: number) =>
      x >= 0 && y >= 0 && x < size && y < size && data[y * size + x] === 1;
    const due = drawn.map((row, y) => row.map((_, x) => isDark(x - 2, y - 2)));
    expect(drawn.length).toBeGreaterThanOrEqual(size + 4);
    expect(drawn).toEqual(due);
  });

  it('is left out where it does not fit', async () => {
    expect(await qrCode('https://licences.example/device?user_code=BCDF-GHJK', 30)).toBeNull();
  });
});

it('what others wrote gives a terminal no orders', () => {
  expect(plain('Acme\u001b[2J\r\n\u202eTools\u0007')).toBe('Acme [2J Tools');
});
