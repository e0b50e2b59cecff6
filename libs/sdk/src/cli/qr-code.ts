/**
 * The encoder of the package `qrcode`: beside us in what is published, which pack.mjs puts there, else among the packages
 * of this repository. Without it there is no picture, and the address is there all the same.
 */
const PLACES = ['../vendor/qrcode/qrcode.js', 'qrcode'];

interface Encoder {
  create(text: string, options: { errorCorrectionLevel: 'L' }): Matrix;
}

/** Modules row by row; not 0: dark. */
interface Matrix {
  modules: { size: number; data: ArrayLike<number> };
}

/** ISO/IEC 18004 asks for four light modules around; readers of screens take two. */
const QUIET = 2;
/** Black on white, whatever the terminal's own colours are: readers want dark modules on light ones. */
const [COLOURS, RESET] = ['\x1b[30;107m', '\x1b[0m'];

/** A QR code for a terminal, two modules in each character; null where it cannot be made or is wider than `columns`. */
export async function qrCode(text: string, columns: number): Promise<string | null> {
  const encoder = await findEncoder();
  if (!encoder) return null;
  const { size, data } = encoder.create(text, { errorCorrectionLevel: 'L' }).modules;
  const width = size + 2 * QUIET;
  if (width > columns) return null;
  const isDark = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < size && y < size && Boolean(data[y * size + x]);
  const lines: string[] = [];
  for (let y = -QUIET; y < size + QUIET; y += 2) {
    let line = '';
    for (let x = -QUIET; x < size + QUIET; x++)
      line += HALVES[Number(isDark(x, y)) * 2 + Number(isDark(x, y + 1))];
    lines.push(`${COLOURS}${line}${RESET}`);
  }
  return lines.join('\n');
}

/** None, the lower, the upper, both. */
const HALVES = [' ', '▄', '▀', '█'] as const;

async function findEncoder(): Promise<Encoder | null> {
  for (const place of PLACES) {
    try {
      const { default: encoder } = (await import(place)) as { default: Encoder };
      return encoder;
    } catch {
      // The next one.
    }
  }
  return null;
}
