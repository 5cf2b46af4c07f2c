import './styles.css';

import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { onSignedOut } from './api/client';
import { watchTheme } from './lib/theme';
import { createAppRouter, createQueries } from './routes/router';

const queries = createQueries();
const router = createAppRouter(queries);

onSignedOut(() => {
  const { href, pathname } = router.state.location;
  if (pathname === '/sign-in' || pathname === '/claim') return;
  void router.navigate({ to: '/sign-in', search: { next: href, expired: true } }).then(() => queries.clear());
});
watchTheme();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
