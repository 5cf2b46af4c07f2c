// Puts the viewer of the API page into dist/docs, beside its start script. Run after `vite build`, which must not bundle
// it: no page of the app loads it.
import { copyFileSync, mkdirSync } from 'node:fs';

const viewer = new URL('../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url);
const docs = new URL('../dist/docs/', import.meta.url);

mkdirSync(docs, { recursive: true });
copyFileSync(viewer, new URL('scalar.js', docs));
