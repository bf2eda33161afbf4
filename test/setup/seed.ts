import fc from 'fast-check';

// In CI the same properties each time, so that a failure is of the change that is tested; elsewhere others in each run.
if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: 1 });
