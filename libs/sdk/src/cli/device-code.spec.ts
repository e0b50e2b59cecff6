import { codeText } from './device-code.js';
import { qrCode } from './qr-code.js';

const page = 'https://licences.example/device';
const shown = {
  userCode: 'BCDF-GHJK',
  verificationUri: page,
  verificationUriComplete: `${page}?user_code=BCDF-GHJK`,
  expiresInSeconds: 600,
};

describe('what a person does with a code', () => {
  it('is shown with a picture of the page that has the code in it already', async () => {
    const text = await codeText(shown, { isTTY: true, columns: 100 });
    expect(text).toContain(`enter the code BCDF-GHJK:\n\n  ${page}\n`);
    expect(text).toContain(`\n${await qrCode(`${page}?user_code=BCDF-GHJK`, 100)}\n`);
    expect(text).toContain('good for 10 minutes');
  });

  it.each([
    ['no terminal', { columns: 100 }],
    ['a narrow one', { isTTY: true, columns: 20 }],
  ])('is shown without it on %s', async (_, screen) => {
    expect(await codeText(shown, screen)).not.toMatch(/[█▀▄]/);
  });
});
