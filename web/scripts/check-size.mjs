// Fails when what a reader must load before the first page outgrows its limit. Run after `vite build`.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** gzip bytes of the page with its scripts and styles, down to the chat ready to type in. */
const FIRST_LOAD_BYTES_MAX = 250_000;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const files = new Set(['index.html', 'theme.js']);
const visit = (key) => {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) visit(next);
};
visit('index.html');
visit('src/routes/ChatScreen.tsx');

let total = 0;
for (const file of files) {
  const bytes = gzipSync(readFileSync(new URL(file, dist))).length;
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(
  `${(total / 1000).toFixed(1).padStart(8)} kB  first load (limit ${FIRST_LOAD_BYTES_MAX / 1000} kB, gzip)`,
);
if (total > FIRST_LOAD_BYTES_MAX) {
  console.error('The first load is over its limit: load something later, or leave it out.');
  process.exit(1);
}
