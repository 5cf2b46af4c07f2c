import type { Extension } from '@codemirror/state';
import {
  Decoration,
  MatchDecorator,
  ViewPlugin,
  type DecorationSet,
  type EditorView,
} from '@codemirror/view';

import type { Offer } from '../draft';

/** Shows placeholders as such, and those that name nothing as mistakes. */
export function highlightOffers(offers: Offer[]): Extension {
  const known = new Set(offers.map(({ name }) => name));
  const matcher = new MatchDecorator({
    regexp: /\{([A-Za-z_]\w*)\}/g,
    decoration: ([, name = '']) =>
      Decoration.mark({ class: known.has(name) ? 'cm-known-name' : 'cm-unknown-name' }),
  });
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }
      update(update: Parameters<typeof matcher.updateDeco>[0]) {
        this.decorations = matcher.updateDeco(update, this.decorations);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
