import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

import { SecretBadge } from './SecretText';
import { maskedSecrets } from './maskedSecrets';

/**
 * Markdown from an answer, which is data: raw HTML stays text, images are not loaded (an address would tell others who
 * reads), links open apart and go to the web or to mail only.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose-answer">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[maskedSecrets]}
        urlTransform={safeAddress}
        components={COMPONENTS}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});

/** The address when following it is harmless, else none. */
export function safeAddress(address: string): string {
  return /^(https?:\/\/|mailto:)/i.test(address) ? address : '';
}

const COMPONENTS: Components = {
  a: ({ href, children }) =>
    href === undefined || href === '' ? (
      <span>{children}</span>
    ) : (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ),
  img: ({ alt }) => <span className="text-ink-soft">[image{alt ? `: ${alt}` : ''}]</span>,
  // The page's own headings are above these.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  table: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
    <pre tabIndex={0}>{children}</pre>
  ),
  mark: ({ children }) => <SecretBadge name={typeof children === 'string' ? children : ''} />,
};
