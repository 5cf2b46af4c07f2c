// `npm run e2e:mock`: the tests of states that a real server can't be brought into, against the mock server and what
// `npm run build` made.
import { spawn } from 'node:child_process';

import { EMAIL, PASSWORD, startMock, TOKEN } from './mock-server.mjs';

const PORT = 8031;
const url = `http://127.0.0.1:${PORT}`;

const server = await startMock(PORT);
const child = spawn('npx', ['playwright', 'test', '--project=mock', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ERRAND_MOCK: '1',
    ERRAND_URL: url,
    ERRAND_CLAIM_LINK: `${url}/claim?token=${TOKEN}`,
    ERRAND_EMAIL: EMAIL,
    ERRAND_PASSWORD: PASSWORD,
  },
});
child.on('exit', (code) => {
  server.closeAllConnections();
  server.close(() => process.exit(code ?? 1));
});
