import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';

import type { Mode } from './modes';
import type { Offer } from '../draft';

const TYPES: Record<Offer['kind'], string> = {
  parameter: 'variable',
  secret: 'keyword',
  'built-in': 'constant',
};

/** Completes names where the mode takes them: after `{`, or inside `os.environ["…"]`. */
export function completeFrom(mode: Mode, offers: Offer[]): Extension {
  const source = mode === 'python' ? inScript(offers) : inTemplate(offers);
  return autocompletion({ override: [source], icons: false, activateOnTyping: true });
}

function inTemplate(offers: Offer[]) {
  const options = offers.map((offer): Completion => ({
    ...described(offer),
    // The brace is a part of what is matched.
    label: `{${offer.name}}`,
    displayLabel: offer.name,
    apply: (view, _completion, from, to) => {
      // A brace that stands there already closes it.
      const closed = view.state.sliceDoc(to, to + 1) === '}';
      const insert = `{${offer.name}${closed ? '' : '}'}`;
      view.dispatch({
        changes: { from, to, insert },
        selection: { anchor: from + insert.length + (closed ? 1 : 0) },
      });
    },
  }));
  return (context: CompletionContext): CompletionResult | null => {
    const before = context.matchBefore(/\{\w*$/);
    if (before === null) return null;
    return { from: before.from, options, filter: true };
  };
}

function inScript(offers: Offer[]) {
  const names = offers.map(described);
  const whole = offers.map((offer): Completion => {
    const text = `os.environ["${offer.name}"]`;
    return { ...described(offer), label: text };
  });
  return (context: CompletionContext): CompletionResult | null => {
    const key = context.matchBefore(/os\.environ(?:\.get\(|\[)["']\w*$/);
    if (key !== null) return { from: key.from + key.text.search(/["']/) + 1, options: names };
    const start = context.matchBefore(/\bos\.e[\w.]*$/);
    return start === null ? null : { from: start.from, options: whole };
  };
}

function described(offer: Offer): Completion {
  return {
    label: offer.name,
    type: TYPES[offer.kind],
    detail: offer.kind,
    ...(offer.detail !== '' && { info: offer.detail }),
  };
}

/** Puts a name at the cursor, in the form that the mode takes. */
export function insertName(view: EditorView, mode: Mode, name: string): void {
  const text = mode === 'python' ? `os.environ["${name}"]` : `{${name}}`;
  view.dispatch(view.state.replaceSelection(text));
  view.focus();
}
