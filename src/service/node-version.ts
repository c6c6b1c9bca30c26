/** The Node.js that the process needs. In syntax that older versions run as well, because they report it. */

/** As `engines` of `package.json` has it. */
const [leastMajor, leastMinor] = [22, 19];

/** What is wrong with the version of Node.js; `undefined` when it will do. */
export function findVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `monitor-graph needs Node.js ${leastMajor}.${leastMinor} or newer; this is v${version}.`;
}
