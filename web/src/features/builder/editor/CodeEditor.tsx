/** CodeMirror in a shadow root: there its styles are adopted, which the page's content security policy lets through. */
import { EditorState, Compartment } from '@codemirror/state';
import { EditorView, placeholder as placeholderText } from '@codemirror/view';
import { setDiagnostics } from '@codemirror/lint';
import { useEffect, useRef } from 'react';

import { completeFrom, insertName } from './complete';
import type { Mode } from './modes';
import { base, languageOf } from './setup';
import { highlightOffers } from './placeholders';
import type { Offer } from '../draft';

interface CodeEditorProps {
  label: string;
  error: string | null;
  mode: Mode;
  value: string;
  onChange: (value: string) => void;
  offers: Offer[];
  onFocus: (insert: (name: string) => void) => void;
  placeholder?: string;
  mark?: { line: number; message: string } | null;
}

export function CodeEditor(props: CodeEditorProps) {
  const { label, error, mode, value, offers, mark = null } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const parts = useRef({ offers: new Compartment(), label: new Compartment() });
  // What the editor calls back with is always the newest.
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const { current: slots } = parts;
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          base(mode),
          languageOf(mode),
          slots.offers.of(offersPart(mode, latest.current.offers)),
          slots.label.of(labelPart(latest.current.label, latest.current.error)),
          placeholderText(latest.current.placeholder ?? ''),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
          EditorView.domEventHandlers({
            focus: (_event, focused) => {
              latest.current.onFocus((name) => insertName(focused, mode, name));
            },
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [mode]);

  useEffect(() => {
    const { current: now } = view;
    if (now === null || now.state.doc.toString() === value) return;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);

  const names = offers.map(({ name }) => name).join(' ');
  useEffect(() => {
    view.current?.dispatch({
      effects: parts.current.offers.reconfigure(offersPart(mode, latest.current.offers)),
    });
  }, [mode, names]);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.label.reconfigure(labelPart(label, error)) });
  }, [label, error]);

  const line = mark?.line;
  const message = mark?.message;
  useEffect(() => {
    const { current: now } = view;
    if (now === null) return;
    const found =
      line === undefined || message === undefined || line < 1 || line > now.state.doc.lines
        ? []
        : [{ ...span(now.state, line), severity: 'error' as const, message }];
    now.dispatch(setDiagnostics(now.state, found));
  }, [line, message]);

  return <div ref={host} data-editor={mode} />;
}

function span(state: EditorState, line: number): { from: number; to: number } {
  const { from, to } = state.doc.line(line);
  return { from, to };
}

function offersPart(mode: Mode, offers: Offer[]) {
  return [completeFrom(mode, offers), mode === 'python' ? [] : highlightOffers(offers)];
}

/** Words outside the shadow root can't be pointed at from inside, so they are repeated. */
function labelPart(label: string, error: string | null) {
  const wrong: Record<string, string> =
    error === null ? {} : { 'aria-invalid': 'true', 'aria-description': error };
  return EditorView.contentAttributes.of({ 'aria-label': label, ...wrong });
}
