import { defineConfig } from 'vite'

export default defineConfig({
  // Relative, so that the page works under any path of a reverse proxy.
  base: './',
  resolve: { conditions: ['@heartline/source'] },
  build: {
    outDir: '../server/dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The page is served with `default-src 'self'`, which refuses data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8420' } },
})
