import { lazy, Suspense } from 'react';

// Begun with this module, so that it is there before the first answer is.
const loading = import('./Markdown');
const Markdown = lazy(async () => ({ default: (await loading).Markdown }));

/** An answer in Markdown; its plain words, marked as such, until the renderer is loaded. */
export function Answer({ text }: { text: string }) {
  return (
    <Suspense
      fallback={
        <div data-plain className="prose-answer whitespace-pre-wrap">
          {text}
        </div>
      }
    >
      <Markdown text={text} />
    </Suspense>
  );
}
