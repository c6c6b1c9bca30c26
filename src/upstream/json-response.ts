/** The JSON object in a response, if there is one. */
import { isObject, parseJson, withoutByteOrderMark } from '../json/lossless.ts';
import type { Answer } from './attempt.ts';

/** Whether a response says that it is JSON. No content type at all is forgiven, as the text itself has to be an object. */
export const isJson = (contentType: string | string[] | undefined): boolean =>
  contentType === undefined || contentType === 'application/json' || areJson(String(contentType));

/** A proxy may say the type a second time (RFC 9110, 5.3): that is no harm as long as each of them is JSON. */
const areJson = (contentTypes: string): boolean =>
  contentTypes
    .replaceAll(quoted, '')
    .split(',')
    .every((type) => /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type));

/** A value of a parameter in quotes, which may contain commas. */
const quoted = /"[^"]*"/g;

/** The object; `undefined` when the text is something else. */
export function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json = parseJson(bytes.toString());
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a response is a JSON object. */
export const holdsObject = ({ headers, body }: Answer): boolean =>
  isJson(headers['content-type']) && parseObject(withoutByteOrderMark(body)) !== undefined;
