/** The CPU per request as a picture. */
import { contenders } from '../contenders.ts';
import type { Results } from '../results.ts';
import { workloads } from '../workloads/workloads.ts';
import { figureOf } from './figures.ts';
import { toOrigin } from './origin.ts';
import { toMicros } from './text.ts';

const shown = ['W1', 'W2', 'W3', 'W3list', 'W4ids', 'W4page'];

const [panelWidth, labelWidth, barWidth, line] = [480, 200, 190, 20];
const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px } .small { fill: #6e7781; font-size: 11px }
  rect { fill: #a8b3c0 } .ours { fill: #d9480f }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #8b949e } rect { fill: #57606a } .ours { fill: #ff8c42 } }`;

/** A panel for each workload. The bars of one share a logarithmic scale: the last is a hundred times the first. */
export function drawChart(results: Results): string {
  const names = Object.keys(contenders);
  const panelHeight = names.length * line + 50;
  const height = Math.ceil(shown.length / 2) * panelHeight + 50;
  const panels = shown.map((name, index) => {
    const [x, y] = [(index % 2) * panelWidth + 10, Math.floor(index / 2) * panelHeight + 40];
    return `<g transform="translate(${x} ${y})">${drawPanel(results, name, names)}</g>`;
  });
  const { machine } = results;
  const origin = `${toOrigin(results, shown)}; ${machine.processors}, Node ${machine.node}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * panelWidth} ${height}" role="img">
<title>CPU time per request</title>
<style>${style}
</style>
<text class="title" x="10" y="20">CPU time of the gateway per request, on logarithmic scales: less is better</text>
${panels.join('\n')}
<text class="small" x="10" y="${height - 10}">${toXml(origin)}</text>
</svg>
`;
}

function drawPanel(results: Results, workload: string, names: readonly string[]): string {
  const values = names.map((name) => figureOf(results, workload, name, 'cpuMicros')?.median);
  const known = values.filter((value) => value !== undefined);
  const [least, most] = [Math.min(...known) / 1.5, Math.max(...known)];
  const bars = names.map((name, index) => {
    const [y, value] = [index * line + 26, values[index]];
    const width = value === undefined ? 0 : (Math.log(value / least) / Math.log(most / least)) * barWidth;
    const bar = `<rect${name === 'ours' ? ' class="ours"' : ''} x="${labelWidth}" y="${y - 11}" width="${width.toFixed(1)}" height="14"/>`;
    const figure = value === undefined ? 'not measured' : toMicros(value);
    return `<text x="0" y="${y}">${toXml(contenders[name]?.title ?? name)}</text>${bar}<text class="small" x="${(labelWidth + width + 5).toFixed(1)}" y="${y}">${figure}</text>`;
  });
  const title = `${workload}: ${workloads[workload]?.title ?? ''}`;
  return `<text class="title" x="0" y="4">${toXml(title)}</text>\n${bars.join('\n')}`;
}

const toXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
