import { describe, expect, it } from 'vitest';
import { alignTabs } from './tab-writer.ts';

describe('alignTabs', () => {
  const rows = [
    {
      name: 'puts values behind the longest label',
      text: 'a:\t1\nlonger label:\t2\n',
      out: 'a:\t\t1\nlonger label:\t2\n',
    },
    {
      name: 'leaves a gap where a label ends at a tab stop',
      text: '1234567\tx\n12345678\tx\n',
      out: '1234567\t\tx\n12345678\tx\n',
    },
    {
      name: 'starts anew after a line without a tab',
      text: 'long label here:\tx\n\na\tb\n',
      out: 'long label here:\tx\n\na\tb\n',
    },
    {
      name: 'aligns further columns of neighbouring lines',
      text: 'L:\t20.33kB\tx\n\t116B\ty\n',
      out: 'L:\t20.33kB\tx\n\t116B\ty\n',
    },
    {
      name: 'counts characters, not bytes',
      text: 'äöüäöüä\tx\nabcdefg\tx\n',
      out: 'äöüäöüä\tx\nabcdefg\tx\n',
    },
    { name: 'keeps text without tabs', text: 'a\n  b\n', out: 'a\n  b\n' },
  ];
  for (const { name, text, out } of rows) it(name, () => expect(alignTabs(text)).toBe(out));
});
