import { splitSecrets } from '../lib/output';

interface Node {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, string>;
  children?: Node[];
}

/** A rehype plugin: each `[secret:NAME]` in text becomes a `<mark>` of NAME. No Markdown makes a `<mark>` itself. */
export function maskedSecrets() {
  return (tree: object): void => replaceIn(tree as Node);
}

function replaceIn(node: Node): void {
  node.children = node.children?.flatMap((child) => {
    if (child.type === 'text' && child.value !== undefined) return splitSecrets(child.value).map(partNode);
    replaceIn(child);
    return [child];
  });
}

function partNode(part: { text: string; secret: boolean }): Node {
  const text: Node = { type: 'text', value: part.text };
  return part.secret ? { type: 'element', tagName: 'mark', properties: {}, children: [text] } : text;
}
