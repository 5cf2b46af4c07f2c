import { completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { python } from '@codemirror/lang-python';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

import type { Mode } from './modes';

const theme = EditorView.theme({
  '&': { fontSize: '0.875rem', color: 'var(--ink)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': {
    fontFamily: 'var(--font-mono, ui-monospace, Menlo, Consolas, monospace)',
    padding: '9px 0',
  },
  '.cm-line': { padding: '0 12px' },
  // An address has few places to break at.
  '.cm-lineWrapping': { wordBreak: 'break-all', minWidth: '0' },
  '.cm-scroller': { lineHeight: '1.5', overflow: 'auto', maxHeight: '32rem' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-placeholder': { color: 'var(--ink-faint)' },
  '.cm-gutters': {
    backgroundColor: 'var(--sunken)',
    color: 'var(--ink-faint)',
    borderRight: '1px solid var(--line)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--accent) 26%, transparent) !important',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important' },
  '.cm-known-name': {
    backgroundColor: 'var(--accent-soft)',
    color: 'var(--accent-strong)',
    borderRadius: '4px',
  },
  '.cm-unknown-name': {
    color: 'var(--bad)',
    textDecoration: 'underline wavy',
    textUnderlineOffset: '3px',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line)',
    borderRadius: '10px',
    boxShadow: 'var(--shadow)',
    color: 'var(--ink)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '4px 10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--hover)',
    color: 'var(--ink)',
  },
  '.cm-completionDetail': { color: 'var(--ink-soft)', fontStyle: 'normal', marginLeft: '1em' },
  '.cm-completionInfo': { maxWidth: '20rem', fontFamily: 'var(--font-sans, system-ui)', padding: '6px 10px' },
  // Its own is an image within the style, which the content security policy keeps out.
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textUnderlineOffset: '3px',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.comment], color: 'var(--ink-faint)' },
  { tag: [tags.propertyName, tags.definition(tags.variableName)], color: 'var(--accent-strong)' },
  { tag: [tags.invalid], color: 'var(--bad)' },
]);

/** What every box has; Tab leaves all but the script, which it indents (Escape, then Tab leaves it). */
export function base(mode: Mode): Extension {
  const script = mode === 'python';
  return [
    history(),
    drawSelection(),
    theme,
    syntaxHighlighting(colours),
    keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...(script ? [indentWithTab] : [])]),
    mode === 'line' ? oneLine : [],
    script ? [lineNumbers(), indentUnit.of('    '), bracketMatching()] : EditorView.lineWrapping,
    // Said outright, so that a box that scrolls is known to be reachable by keyboard.
    EditorView.contentAttributes.of({ spellcheck: 'false', autocapitalize: 'off', tabindex: '0' }),
  ];
}

/** Line breaks don't get in, neither typed nor pasted. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
  const text = transaction.newDoc.toString().replace(/\s*\n\s*/g, '');
  return { changes: { from: 0, to: transaction.startState.doc.length, insert: text } };
});

export function languageOf(mode: Mode): Extension {
  if (mode === 'python') return python();
  return mode === 'json' ? json() : [];
}
