import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.ERRAND_URL ?? 'http://127.0.0.1:8029';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // A `data:` address would break the content security policy (`default-src 'self'`).
  build: { assetsInlineLimit: 0, manifest: true, target: 'es2023' },
  server: { port: 5173, proxy: { '/api': { target: server } } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test-setup.ts'],
    // A busy machine is no failure.
    testTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
