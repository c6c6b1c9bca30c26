/** Imports modules while the process serves requests. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** An import reads one file at a time; the others are for threads of Node.js that open files meanwhile. */
const minFreeDescriptors = 8;

/**
 * Imports a module if the process has file descriptors left to read it and its dependencies. Node.js remembers for good that the
 * evaluation of a module has failed, as it does where a CommonJS dependency cannot be read: no later import of it succeeds.
 * @param load the `import()`
 * @throws {Error} with the code `EMFILE` or `ENFILE`; then nothing has been imported, and a later call may succeed
 */
export async function importModule<Module>(load: () => Promise<Module>): Promise<Module> {
  expectFreeDescriptors();
  // In the same turn of the event loop, before any connection is accepted.
  return load();
}

/** A package that isn't installed: it is needed for one feature alone. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';

  constructor(feature: string, names: readonly string[]) {
    super(
      `${feature} needs the package${names.length === 1 ? '' : 's'} ${names.join(', ')}: npm install ${names.join(' ')}`,
    );
  }
}

/**
 * Imports packages that only one feature needs, and that may not be installed.
 * @param feature what needs them, for the message
 * @param names a name, or all names
 * @throws {MissingPackageError}
 */
export async function importPackage<Module>(
  feature: string,
  names: string | readonly string[],
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await importModule(load);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // One that the package needs itself is another matter.
    const all = [names].flat();
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && all.some((name) => message.includes(`'${name}'`));
    throw isMissing ? new MissingPackageError(feature, all) : error;
  }
}

function expectFreeDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < minFreeDescriptors) opened.push(openSync(devNull, 'r'));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
