const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
  table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ddd }
  th { font-weight: 600 } td { overflow-wrap: anywhere } a { color: #0645ad }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f6; padding: 1rem; border-radius: 4px }
  iframe { width: 100%; height: 32rem; border: 1px solid #ddd; border-radius: 4px }
  label { display: block; margin: 1rem 0 } input:not([type=checkbox]) { display: block; width: 100%; max-width: 24rem; font: inherit; padding: .4rem }
  button { font: inherit; padding: .5rem 1rem }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } a { color: #8ab4f8 } pre { background: #242424 } iframe { background: #fff } }
`;

/** A page of a local part: nothing in it is loaded from elsewhere. `body` is HTML. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>${body}</body></html>`;
}

/** Text as HTML. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
