/** One line to whoever runs the command. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Ends a list: how to see the rest, or that it is empty. */
export function sayEnd(page: { data: readonly unknown[]; nextCursor: string | null }): void {
  if (page.nextCursor) say(`more: --cursor ${page.nextCursor}`);
  else if (page.data.length === 0) say('None.');
}
