import { html } from './html.js';

describe('html', () => {
  it('escapes every value, in text and in quoted attributes', () => {
    const evil = `"><script>alert('1')</script>&amp;\``;
    const text = String(html`<p title="${evil}">${evil}</p>`);

    expect(text.match(/[<>]/g)).toEqual(['<', '>', '<', '>']);
    expect(text).toContain('&#38;amp;');
    expect(text.match(/["'`]/g)).toEqual(['"', '"']);
  });

  it('keeps what is html already, alone or in a list', () => {
    const rows = ['a', '<b>'].map((name) => html`<li>${name}</li>`);
    const rule = html`<p>--</p>`;
    expect(String(html`${rows}${rule}`)).toBe('<li>a</li><li>&#60;b&#62;</li><p>--</p>');
  });

  it('writes numbers', () => {
    expect(String(html`seats = ${5}`)).toBe('seats = 5');
  });

  it('does not take a value in an attribute without quotes', () => {
    expect(() => html`<a href=${'x onclick=alert(1)'}>x</a>`).toThrow(TypeError);
  });

  it('does not take an object that only looks like html', () => {
    const forged = { source: '<b>', toString: () => '<b>' } as unknown as string;
    expect(String(html`${[forged] as never}`)).not.toContain('<b>');
  });
});
