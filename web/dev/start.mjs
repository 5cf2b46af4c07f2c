// `npm run dev:mock`: the pages with hot reload, in front of the mock server.
import { createServer } from 'vite';

import { EMAIL, PASSWORD, startMock, TOKEN } from './mock-server.mjs';

const PORT = 8030;

await startMock(PORT);
process.env.ERRAND_URL = `http://127.0.0.1:${PORT}`;
const vite = await createServer();
await vite.listen();
vite.printUrls();
console.log(`  sign in as ${EMAIL} with "${PASSWORD}", or open /claim?token=${TOKEN}`);
