// Mounts the API page on the server's own document. A file, since inline scripts are refused; whatever would reach out
// (fonts, the request proxy, telemetry, the assistant, links to hosted services) is off.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('errand.theme');
  } catch {
    // Storage may be blocked; the system's choice then stands.
  }
  const dark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);

  Scalar.createApiReference('#app', {
    url: '/api/openapi.json',
    baseServerURL: location.origin,
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: 'never',
    documentDownloadType: 'direct',
    darkMode: dark,
    favicon: '/favicon.svg',
    theme: 'default',
  });
})();
