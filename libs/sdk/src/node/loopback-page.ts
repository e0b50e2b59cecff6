/** What the browser is told when it comes back. */
export type LoopbackPage = 'done' | 'refused' | 'over' | 'not-ours' | 'nothing-here';

const PAGES: Readonly<Record<LoopbackPage, [title: string, sentence: string]>> = {
  done: ['Almost done', 'Go back to your program: it signs you in now. This window can be closed.'],
  refused: ['Nobody was signed in', 'Go back to your program: it says more. This window can be closed.'],
  over: ['This has been answered', 'Your program has its answer. This window can be closed.'],
  'not-ours': ['This is no answer to your program', 'Nothing was changed. Begin anew from your program.'],
  'nothing-here': ['Nothing is here', 'A program waits here for you to sign in, and for nothing else.'],
};

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // Nothing of it loads, runs or is framed, and where it leads nobody learns the code in its address.
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** A page without script, style or link, readable in light and dark; nothing of the request is in it. */
export function pageOf(page: LoopbackPage): { body: string; headers: Record<string, string> } {
  const [title, sentence] = PAGES[page];
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${sentence}</p>
</main>
</body>
</html>
`;
  return { body, headers: { ...HEADERS, 'content-length': String(Buffer.byteLength(body)) } };
}
