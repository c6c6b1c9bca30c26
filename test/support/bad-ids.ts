/** Ids that no provider has: syntax of paths, URLs, HTTP, numbers and Unicode in the wrong place. */

/** Ids that no object has. */
export const unownedIds = [
  ['', ' ', '.', '..', '../x', '../../../etc/passwd', '/', '//evil.test', '\\', '..\\..', '7/../8', '7/runs/8', '7/'],
  ['%', '%2e%2e', '%2E%2E%2F', '%252e', '%00', '%0d%0a', '7%2f8', '7%20', '%37', '&#55;', '\\u0037', '+', '7+'],
  ['?', '?x=1', '7?x=1', '#', '#f', '7#f', '&a=b', ';', ';a=b', '7;a=b', '7,8', '7|8', '*', '$7', '{7}', '[7]', '<7>'],
  ['@evil.test', '7@evil.test', 'evil.test:80', '7:8', 'https://evil.test', 'javascript:7', '[::1]', "7' OR '1'='1"],
  ['\0', '7\0', '\r\n', '7\r\nX-Evil: 1', '7 HTTP/1.1\r\nHost: evil.test\r\n\r\n', '7\n', '\n7', '7\t', '7\x7f'],
  ['7 ', ' 7', '7\u00a0', '7\u2003', '\u20287', '7\u2028', '7\u2029', '7\u0085', '\u200b7', '\ufeff7', '7\u00ad'],
  ['\ud800', '7\udc00', '\udc00\ud800', '7\uffff', '7\u202e8', '\u2066', '7\u0301', '\ud83d\ude00', '\u4e03'],
  ['é', 'ß', '７', '٧', '①', '⁷', 'x', 'NaN', 'Infinity', 'null', 'true', 'undefined', '[object Object]'],
  ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'DATAFOLD', 'monitors', 'run', 'MONITOR_a', 'RUN_a'],
  ['x'.repeat(5_000), '9'.repeat(5_000)],
].flat();

/** Ids that Datafold can't have. */
export const notDatafolds = [
  ...unownedIds,
  ...['-1', '-0', '+1', '00', '01', '007', '1.0', '1.', '.5', '1e3', '1E3', '0x10', '0b1', '0o7', '1_000', '1,000'],
  ...['9223372036854775808', '9999999999999999999', '10000000000000000000', '99999999999999999999'],
  ...['0000000000000000000', '1n', 'a7', '7a', 'monitor_a', 'run_a'],
];

const isTail = (text: string) => /^[A-Za-z0-9_-]{1,128}$/.test(text);

/** Ids that Olostep can't have, behind another prefix or none. */
export const notOlosteps = (prefix: string, otherPrefix: string) => [
  ...unownedIds,
  ...unownedIds.filter((id) => !isTail(id)).map((id) => prefix + id),
  ...[`${prefix}1/../../x`, `${prefix}1%2f..`, `${prefix}${'a'.repeat(129)}`, `${prefix}ａ`, ` ${prefix}a`],
  ...[`x${prefix}a`, `${prefix.toUpperCase()}a`, `${prefix.replace('_', '-')}a`, `${otherPrefix}a`, '7'],
];
