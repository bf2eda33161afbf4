import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('shows what would command a terminal, and leaves lines and tabulators', () => {
  expect(printable('a\tb\n\u001b[31mred\u0007\u009b')).toBe('a\tb\n\\x1b[31mred\\x07\\x9b');
});
