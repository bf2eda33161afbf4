import { usageOf } from '../e2e/load/measure.ts';
import { imageFlags } from '../setup/image-flags.ts';
import { eventually, type RunningController, startController } from './harness.ts';

/** Has Node collect its garbage, all of it, when it is sent SIGUSR2. */
const collect = `process.on('SIGUSR2', () => {
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.stderr.write(JSON.stringify({ level: 30, msg: 'collected', ...process.memoryUsage() }) + '\\n');
})`;

const collecting = [
  ...imageFlags(),
  '--expose-gc',
  '--import',
  `data:text/javascript,${encodeURIComponent(collect)}`,
];

/** Starts a controller whose memory and work can be measured. */
export const startMeasured = (kubeconfig: string, args: readonly string[]): Promise<RunningController> =>
  startController(kubeconfig, args, collecting);

/** Waits until a controller has read so many streams; resolves to what `performance.now()` was then. */
export const untilRead = async (running: RunningController, streams: number): Promise<number> => {
  const series = `imagestreams_informer_objects{resource="imagestreams.image.openshift.io"} ${streams}`;
  const hasRead = async (): Promise<boolean> =>
    (await (await fetch(`${running.metricsUrl()}/metrics`)).text()).includes(`${series}\n`);
  await eventually(hasRead, `the list of ${streams} streams`, 600_000, 20);
  return performance.now();
};

/** Waits until a controller has done what there was to do at its start. */
export const untilIdle = async (running: RunningController): Promise<void> => {
  const pid = running.process.pid ?? 0;
  let before = 0;
  const isIdle = async (): Promise<boolean> => {
    const { cpuSeconds: now } = await usageOf(pid);
    const used = now - before;
    before = now;
    return used < 0.2;
  };
  await eventually(isIdle, 'the end of the work at the start', 300_000, 2_000);
};

/** What a controller keeps after a forced collection, in bytes: of the process, and on its heap. */
export const memoryOf = async (
  running: RunningController,
): Promise<{ readonly resident: number; readonly heap: number }> => {
  const collections = () => running.log().filter(({ msg }) => msg === 'collected');
  // Twice: what the first one has finalized goes with the second.
  for (let round = 1; round <= 2; round += 1) {
    const before = collections().length;
    running.process.kill('SIGUSR2');
    await eventually(() => collections().length > before, 'the collection');
  }
  const { residentMiB } = await usageOf(running.process.pid ?? 0);
  return { resident: residentMiB * 2 ** 20, heap: Number(collections().at(-1)?.['heapUsed']) };
};
