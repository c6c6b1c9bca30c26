/**
 * Counts words that have a standard term in code, tests and documents, and fails where a word occurs more often than
 * `scripts/terms-baseline.json` allows. `npm run lint:terms -- --update` rewrites the baseline after a cleanup, `-- --show WORD`
 * lists the places of a word.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** A word of no meaning to a reader who doesn't know the project, and what to write instead. */
const terms: Readonly<Record<string, { readonly pattern: RegExp; readonly term: string }>> = {
  kept: {
    pattern: /\b(?:kept|keeps?(?!-alive))(?:Runs?|ForGood)?\b|\bKEEP_(?!ALIVE)/gi,
    term: 'cached, run cache, stored',
  },
  asked: { pattern: /\b(?:asked|asks?|askers?|asking)\b/gi, term: 'requested, request' },
  whoever: { pattern: /\b(?:whoever|whosoever)\b/gi, term: 'the actor: client, operator, gateway, provider' },
  nobody: { pattern: /\b(?:nobody|somebody|anybody|everybody)\b/gi, term: 'the actor: client, operator, caller' },
  anew: { pattern: /\banew\b/gi, term: 'again, new' },
  lest: { pattern: /\blest\b/gi, term: 'so that … not' },
  'short way': { pattern: /\b(?:short|full|long)[ -]?way\b/gi, term: 'fast path, slow path' },
  undropped: { pattern: /\bundropped\w*/gi, term: 'tombstones' },
  lanes: { pattern: /\b(?:open)?lanes?\b/gi, term: 'run streams' },
  ending: { pattern: /\bendings?\b/gi, term: 'cancellation, deadline' },
  door: { pattern: /\bdoors?\b/gi, term: 'HTTP server' },
  'far end': { pattern: /\bfar[ -]?ends?\b/gi, term: 'fake upstream' },
  'way out': { pattern: /\bways? (?:in|out)\b/gi, term: 'upstream client, entry point' },
  heed: { pattern: /\bheed(?:s|ed)?\b/gi, term: 'honour, support' },
  'at hand': {
    pattern: /\b(?:at hand|in vain|out of the ordinary|as it were)\b/gi,
    term: 'cached, loaded, unsuccessfully',
  },
  told: { pattern: /\b(?:is|are|be|was|were) told\b/gi, term: 'reports, logs, receives' },
  things: { pattern: /\bthings?\b/gi, term: 'the noun: runs, monitors, items' },
  most: { pattern: /\bmost[A-Z]\w*/g, term: 'max…' },
  joined: { pattern: /\bjoin(?:s|ed|Calls)\b|\bJOIN_CALLS\b/g, term: 'coalesced, request coalescing' },
  visit: { pattern: /\b(?:a|the|each|this|its|one) visits?\b/gi, term: 'request state' },
  'of its own': {
    pattern: /\b(?:of its own|of their own|by itself|by themselves)\b/gi,
    term: 'separately, per item, own',
  },
  leaves: {
    pattern: /\b(?:departs?|departed|departures?|takes? (?:its|their) calls along)\b/gi,
    term: 'disconnects, cancels',
  },
  'be it': { pattern: /\bbe it\b/gi, term: 'even if, whether' },
  'so long': { pattern: /\bso (?:long|many|much|often|large) (?:as|at the most|and no)\b/gi, term: 'at most N' },
  'stands in': { pattern: /\b(?:stands? in|standIn)\b/gi, term: 'stale-if-error, replaces' },
  'under way': { pattern: /\bunder way\b/gi, term: 'in flight, in progress' },
  'turned away': {
    pattern: /\b(?:turn(?:s|ed|ing)? away|let in|lets? (?:it|this|them|clients?|everybody) in)\b/gi,
    term: 'refused, admitted',
  },
  'in parts': { pattern: /\bin parts\b/gi, term: 'incremental delivery, incremental response' },
  'passed over': { pattern: /\bpass(?:es|ed) over\b/gi, term: 'skipped' },
  'as ever': { pattern: /\bas ever\b/gi, term: 'as usual' },
  rest: {
    pattern: /\b(?:has|have|had|given|gives?) an? (?:\w+ )?rest\b|\bbreakerRest\w*/gi,
    term: 'breaker is open, cool-down',
  },
};

const excluded =
  /node_modules|\/generated\/|^docs\/schema\.md|bench\/(?:build|results)|released\/schema|openapi(?:-checks|\.d)\.ts|check-terms/;
// docs/schema.md repeats schema/.
const files = globSync([
  '{src,scripts,test,bench,docs,schema,examples}/**/*.{ts,md,graphql,yaml}',
  '*.md',
  '.env.example',
]).filter((path) => !excluded.test(path));
const baselinePath = 'scripts/terms-baseline.json';
const { values: flags } = parseArgs({
  options: { update: { type: 'boolean', default: false }, show: { type: 'string' } },
});

const counts: Record<string, number> = {};
for (const file of files) {
  for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    // In a page, code in backquotes is a quotation: a name that is gone, or the title of a test.
    const line = file.endsWith('.md') ? text.replaceAll(/`[^`]*`/g, '') : text;
    for (const [word, { pattern }] of Object.entries(terms)) {
      const count = line.match(pattern)?.length ?? 0;
      counts[word] = (counts[word] ?? 0) + count;
      if (count > 0 && flags.show === word) console.log(`${file}:${index + 1}: ${line.trim()}`);
    }
  }
}

const baseline: Readonly<Record<string, number>> = JSON.parse(readFileSync(baselinePath, 'utf8'));
for (const [word, { term }] of Object.entries(terms)) {
  const [count = 0, allowed = 0] = [counts[word], baseline[word]];
  if (count <= allowed || flags.update) continue;
  console.error(
    `"${word}": ${count} places, ${allowed} allowed. Write instead: ${term}. Show them: npm run lint:terms -- --show "${word}"`,
  );
  process.exitCode = 1;
}
if (flags.update) writeFileSync(baselinePath, `${JSON.stringify(counts, null, 2)}\n`);
