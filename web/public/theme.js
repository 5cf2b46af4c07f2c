// Sets the theme before the first paint; src/lib/theme.ts keeps it afterwards.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('errand.theme');
  } catch {
    // Storage may be blocked; the system's choice then stands.
  }
  const dark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
