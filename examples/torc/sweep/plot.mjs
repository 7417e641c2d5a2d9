// Draws the points of all files in a folder: node plot.mjs FOLDER PICTURE.svg
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, picture] = process.argv.slice(2);
const [width, height, margin] = [1000, 600, 50];
const points = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
  .map((line) => line.split(' ').map(Number));
const rates = points.map(([r]) => r);
const [least, most] = [rates.reduce((a, b) => Math.min(a, b)), rates.reduce((a, b) => Math.max(a, b))];
const column = (r) => margin + ((r - least) / (most - least)) * (width - 2 * margin);
const row = (x) => height - margin - x * (height - 2 * margin);

// Values that fall on the same pixel are one dot.
const dots = new Set(points.map(([r, x]) => `M${column(r).toFixed(1)} ${row(x).toFixed(0)}h1`));
const ticks = Array.from({ length: 7 }, (_, index) => least + ((most - least) * index) / 6);
writeFileSync(
  picture,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="14">
<title>Bifurcation diagram of the logistic map</title>
<rect width="100%" height="100%" fill="white"/>
<path d="${[...dots].join('')}" stroke="#1b4a7a" stroke-opacity="0.5" fill="none"/>
<path d="M${margin} ${margin}V${height - margin}H${width - margin}" stroke="black" fill="none"/>
${ticks.map((r) => `<text x="${column(r)}" y="${height - margin + 20}" text-anchor="middle">${r.toFixed(2)}</text>`).join('\n')}
${[0, 0.5, 1].map((x) => `<text x="${margin - 10}" y="${row(x) + 5}" text-anchor="end">${x}</text>`).join('\n')}
<text x="${width / 2}" y="${height - 8}" text-anchor="middle">r</text>
<text x="${margin - 10}" y="${margin - 15}" text-anchor="end">x</text>
</svg>
`,
);
console.log(`${points.length} points, ${dots.size} dots`);
