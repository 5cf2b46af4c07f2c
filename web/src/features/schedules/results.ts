/** Who is told of a schedule's runs, as it is typed and as it is sent. */
import type { Receiver, Results } from '../../api/types';

export interface ReceiverDraft {
  type: 'slack' | 'email' | 'webhook';
  addresses: string;
  /** The secret that holds the address. */
  url: string;
  /** The secret that holds the key of the signature. */
  key: string;
}

export interface ResultsDraft {
  when: string;
  to: ReceiverDraft[];
}

export const EMPTY: ReceiverDraft = { type: 'slack', addresses: '', url: '', key: '' };

export function toDraft(results: Results | null | undefined): ResultsDraft {
  return { when: results?.when ?? 'always', to: (results?.to ?? []).map(draftOf) };
}

function draftOf(receiver: Receiver): ReceiverDraft {
  switch (receiver.type) {
    case 'slack':
      return { ...EMPTY, url: receiver.url_secret };
    case 'email':
      return { ...EMPTY, type: 'email', addresses: receiver.to.join(', ') };
    case 'webhook':
      return { ...EMPTY, type: 'webhook', url: receiver.url_secret, key: receiver.signing_secret };
  }
}

/** Null tells nobody. */
export function toResults(draft: ResultsDraft): Results | null {
  return draft.to.length === 0 ? null : { when: draft.when, to: draft.to.map(receiverOf) };
}

/** Whether there is anybody to reach yet. */
export function isFilled(draft: ReceiverDraft): boolean {
  if (draft.type === 'email') return draft.addresses.trim() !== '';
  return draft.url !== '' && (draft.type === 'slack' || draft.key !== '');
}

export function receiverOf(draft: ReceiverDraft): Receiver {
  switch (draft.type) {
    case 'slack':
      return { type: 'slack', url_secret: draft.url };
    case 'email':
      return { type: 'email', to: draft.addresses.split(/[\s,;]+/).filter((one) => one !== '') };
    case 'webhook':
      return { type: 'webhook', url_secret: draft.url, signing_secret: draft.key };
  }
}

/** Whom it tells, in words. */
export function receiverWords(receiver: Receiver): string {
  switch (receiver.type) {
    case 'slack':
      return `Slack (${receiver.url_secret})`;
    case 'email':
      return receiver.to.join(', ');
    case 'webhook':
      return `a webhook (${receiver.url_secret})`;
  }
}
