import { useState } from 'react';

import { SharedPage } from '../features/shared/SharedPage';
import { readStored, writeStored } from '../lib/storage';

/** Where a link's token waits while its reader signs in. */
const TOKEN = 'errand.shared';

export function SharedScreen() {
  const [token] = useState(readToken);
  return <SharedPage token={token} />;
}

function readToken(): string | null {
  const given = globalThis.location.hash.slice(1);
  if (given === '') return readStored('session', TOKEN);
  writeStored('session', TOKEN, given);
  return given;
}
