/** Targets that are whole URLs, as proxies send them: the absolute-form of RFC 9112, 3.2.2. */

export interface AbsoluteTarget {
  readonly scheme: 'http' | 'https';
  /** The host, perhaps with a port; unchecked. */
  readonly authority: string;
  /** The path and the query, as another target would have them. */
  readonly path: string;
}

const absoluteForm = /^(https?):\/\/([^/?]*)(.*)$/is;

/** What such a target says; `undefined` for any other. */
export function readAbsoluteTarget(target: string): AbsoluteTarget | undefined {
  // Nearly all are paths.
  if (target.startsWith('/')) return undefined;
  const [, scheme = '', authority = '', path = ''] = absoluteForm.exec(target) ?? [];
  if (scheme === '') return undefined;
  return {
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    authority,
    path: path.startsWith('/') ? path : `/${path}`,
  };
}
