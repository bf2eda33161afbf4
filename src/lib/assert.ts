/**
 * Ends a switch over a union: the compiler refuses it while a member is unhandled.
 *
 * @throws {Error} when a value of no known member arrives at run time, which is a bug.
 */
export const assertNever = (value: never): never => {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
};

/**
 * States what must be true for the code after it.
 *
 * @throws {Error} when it is not, which is a bug.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (condition === false || condition === undefined || condition === null)
    throw new Error(`assertion failed: ${message}`);
}
