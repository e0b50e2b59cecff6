import { Readable } from 'node:stream';
import { type CsvLine, csvLines } from './csv-lines.js';

const all = (stream: Readable, faultsOfHeader: (header: readonly string[]) => string[] = () => []) =>
  Readable.from(csvLines(stream, { lineMax: 64, faultsOfHeader })).toArray() as Promise<CsvLine[]>;
const read = (lines: readonly string[], faultsOfHeader?: (header: readonly string[]) => string[]) =>
  all(Readable.from([lines.join('\n')]), faultsOfHeader);

describe('the lines of a CSV file', () => {
  it('have the names of the columns, without empty ones, spaces around and a byte order mark', async () => {
    expect(await read(['\uFEFFa,b', '1, x ', '', '"2,3",'])).toEqual([
      { line: 2, fields: { a: '1', b: 'x' } },
      { line: 4, fields: { a: '2,3', b: '' } },
    ]);
  });

  it('are told with what is wrong with them, and those after them are read (the rest of a file was lost)', async () => {
    const told = await read(['a,b', '1', 'un"quoted,', '2,y', '"open,']);
    expect(told.map(({ line, ...one }) => `${line} ${'fault' in one ? one.fault : one.fields.a}`)).toEqual([
      '2 has more or fewer fields than the first line',
      '3 has a quote in the middle of a field; write such a field in quotes',
      '4 2',
      '5 a quote is opened and never closed',
    ]);
  });

  it.each([
    [
      `${'x'.repeat(200)},`,
      'is longer than 64 bytes, or a quote in it is never closed; nothing below it was read',
    ],
    ['"x" y,', 'goes on after a closing quote; nothing below it was read'],
  ])(
    'end with one below which nothing can be read, which says so (they were lost in silence)',
    async (line, fault) => {
      const chunks = ['a,b\n1,x\n', `${line}\n2,y\n`, '3,z\n4,w\n'];
      expect(await all(Readable.from(chunks))).toEqual([
        { line: 2, fields: { a: '1', b: 'x' } },
        { line: 3, fault },
      ]);
    },
  );

  it('are not read below a header that is wrong', async () => {
    const refused = (header: readonly string[]) => (header.includes('b') ? ['there is no column b'] : []);
    expect(await read(['a,b', '1,2'], refused)).toEqual([{ line: 1, fault: 'there is no column b' }]);
    expect(await read(['a,b'], refused)).toEqual([{ line: 1, fault: 'there is no column b' }]);
    expect(await read(['a,a', '1,2'])).toEqual([{ line: 1, fault: 'the column a is there twice' }]);
  });

  it('end with the error of their stream, and the stream with its reader', async () => {
    const broken = new Readable({ read() {} });
    const reading = all(broken);
    broken.destroy(new Error('the disk is gone'));
    await expect(reading).rejects.toThrow('the disk is gone');

    const left = Readable.from(['a\n1\n2\n3']);
    const lines = csvLines(left, { lineMax: 64, faultsOfHeader: () => [] });
    expect((await lines.next()).value).toMatchObject({ line: 2 });
    await lines.return(undefined);
    expect(left.destroyed).toBe(true);
  });
});
