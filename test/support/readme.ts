import { readFileSync } from 'node:fs';

/** The pages whose commands a reader types, one after the other, in one shell. */
export const WALK = [
  'README.md',
  ...['people', 'program', 'company', 'billing'].map((page) => `docs/by-hand/${page}.md`),
  'docs/production.md',
];

/** A fenced block of a page. */
export interface Block {
  page: string;
  language: string;
  text: string;
  /** Of its fence, from 1. */
  line: number;
}

/** A command block, and what the page says that it prints, where it says so right behind it. */
export interface Command extends Block {
  prints: string | null;
}

export function blocksOf(page: string): Block[] {
  const fences = readFileSync(page, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(({ 1: language, 2: text, index, input }) => ({
    page,
    language: language!,
    text: text!,
    line: input.slice(0, index).split('\n').length,
  }));
}

export function commandsOf(page: string): Command[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh') return [];
    const next = blocks[index + 1];
    // One empty line and nothing else between the two.
    const follows = next?.language === 'text' && next.line === block.line + lines(block.text) + 2;
    return [{ ...block, prints: follows ? next.text : null }];
  });
}

/** The rows of a page's tables whose first cell is code, as the texts of their cells; the first without its backticks. */
export function codeRowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `') && line.endsWith(' |'));
  return rows.map((row) => {
    const [first = '', ...cells] = row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim());
    return [first.replace(/^`|`$/g, ''), ...cells];
  });
}

/** Whether `actual` is what a page says, where `…` stands for text without white space and quotes. */
export function isAsWritten(written: string, actual: string): boolean {
  const [first = '', ...pieces] = written.trimEnd().split('…');
  const text = actual.trimEnd();
  if (pieces.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const found = isLast ? text.length - piece.length : text.indexOf(piece, at);
    if (found < at || !text.startsWith(piece, found) || /[\s"]/.test(text.slice(at, found))) return false;
    at = found + piece.length;
  }
  return true;
}

const lines = (text: string) => text.split('\n').length;
