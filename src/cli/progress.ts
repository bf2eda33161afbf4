import type { Clock } from '../lib/clock.ts';
import type { Writer } from './ports.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
/** Work that is done sooner shows nothing: a line that only flashes up disturbs. */
const quietMs = 400;
const clearLine = '\r\u001B[2K';

const animate = async (out: Writer, clock: Clock, label: string, signal: AbortSignal): Promise<void> => {
  const start = clock.monotonic();
  await clock.sleep(quietMs, signal);
  for (let frame = 0; ; frame = (frame + 1) % frames.length) {
    const seconds = Math.floor((clock.monotonic() - start) / 1000);
    out.write(`${clearLine}${frames[frame] ?? ''} ${label} ${seconds}s`);
    await clock.sleep(frameMs, signal);
  }
};

/** Shows that `work` goes on and for how long, while it does; only where `out` is a terminal. The line is gone afterwards. */
export const withProgress = async <T>(
  out: Writer,
  clock: Clock,
  label: string,
  work: () => Promise<T>,
): Promise<T> => {
  if (out.isTTY !== true) return work();
  const stop = new AbortController();
  // Rejects when stopped, which is how it always ends.
  const shown = animate(out, clock, label, stop.signal).catch(() => out.write(clearLine));
  try {
    return await work();
  } finally {
    stop.abort();
    await shown;
  }
};
